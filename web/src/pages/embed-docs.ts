/** The script of `/docs/embed`. */

import "../ui/base.css";
import "../i18n/pages/words.ts";
import "./embed-docs/eva-embed-docs.ts";
