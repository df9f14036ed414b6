/** The script of `/b/{slug}`. */

import "../ui/base.css";
import "./broadcast/eva-broadcast.ts";
