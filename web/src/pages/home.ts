/** The script of `/`. */

import "../ui/base.css";
import "./home/eva-home.ts";
