/** The switch between layouts, beside the list of cameras. */

import { msg } from "@lit/localize";
import { html, type TemplateResult } from "lit";
import { layoutIcon, layoutName } from "../../player/bar.ts";
import { LAYOUTS, type Layout } from "../../player/wishes.ts";

/** One button a layout; the surrounding element styles `.layouts`. */
export function layouts(present: Layout, choose: (layout: Layout) => void): TemplateResult {
  return html`<div class="layouts" role="group" aria-label=${msg("Layout")}>
    ${LAYOUTS.map(
      (one) => html`<button
        type="button"
        aria-pressed=${one === present}
        aria-label=${layoutName(one)}
        title=${layoutName(one)}
        @click=${() => choose(one)}
      >
        ${layoutIcon(one)}
      </button>`,
    )}
  </div>`;
}
