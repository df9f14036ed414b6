/** The line beneath a form that tells what was in its way. */

import { html, nothing, type TemplateResult } from "lit";
import { explain } from "../i18n/trouble.ts";

/** That line; empty while nothing was. */
export function troubleLine(trouble: unknown): TemplateResult {
  return html`<p class="trouble" role="alert">${trouble === null ? nothing : explain(trouble)}</p>`;
}

/** Scrolls to the line that has just been filled, which may lie below the window. */
export function seeTrouble(root: ParentNode): void {
  root.querySelector(".trouble")?.scrollIntoView({ block: "nearest" });
}
