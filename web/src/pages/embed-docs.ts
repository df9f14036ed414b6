/** The script of `/docs/embed`. */

import "../ui/base.css";
import "./embed-docs/eva-embed-docs.ts";
