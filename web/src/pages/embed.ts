/** The script of `/embed/{slug}`. */

import "../ui/base.css";
import "./embed/embed.css";
import "./embed/eva-embed.ts";
