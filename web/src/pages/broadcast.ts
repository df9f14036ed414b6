/** The script of `/b/{slug}`. */

import "../ui/base.css";
import "../i18n/pages/words.ts";
import "./broadcast/eva-broadcast.ts";
