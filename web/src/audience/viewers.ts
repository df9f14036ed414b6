/** How many are watching, in words and with a sign. */

import { msg, str } from "@lit/localize";
import { html, type TemplateResult } from "lit";
import { formatCount } from "../ui/format.ts";
import { eye } from "../ui/icons.ts";
import { locale } from "../ui/locale.ts";

/** The number of viewers; the surrounding element styles `.viewers`. */
export function viewers(count: number): TemplateResult {
  return html`<span class="viewers figures">${eye}<span>${viewersText(count, locale())}</span></span>`;
}

/** The number in words. Which numbers take the singular differs: in French 0 does, in German not. */
export function viewersText(count: number, language: string): string {
  const number = formatCount(count, language);
  return new Intl.PluralRules(language).select(count) === "one"
    ? msg(str`${number} viewer`)
    : msg(str`${number} viewers`);
}
