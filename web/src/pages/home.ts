/** The script of `/`. */

import "../ui/base.css";
import "../i18n/pages/words.ts";
import "./home/eva-home.ts";
