/** How many are watching, in words and with a sign. */

import { msg, str } from "@lit/localize";
import { html, type TemplateResult } from "lit";
import { formatCount } from "../ui/format.ts";
import { eye } from "../ui/icons.ts";
import { locale } from "../ui/locale.ts";

/** The number of viewers; the surrounding element styles `.viewers`. */
export function viewers(count: number): TemplateResult {
  return html`<span class="viewers figures">${eye}<span>${msg(str`${formatCount(count, locale())} watching`)}</span></span>`;
}
