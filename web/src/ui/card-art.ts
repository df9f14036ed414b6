/** A card's art: the live picture where there is one, over the Earth's limb. */

import { html, nothing, type TemplateResult } from "lit";
import "./limb.ts";

/**
 * See the module's header.
 *
 * @param still the picture's path, or null
 */
export function cardArt(slug: string, still: string | null): TemplateResult {
  return html`<eva-limb .seed=${slug}></eva-limb>${
    still === null
      ? nothing
      : html`<img class="still" src=${still} alt="" loading="lazy" decoding="async" @error=${hide} />`
  }`;
}

/** The camera may have gone since: the limb is beneath. */
function hide({ currentTarget }: Event): void {
  if (currentTarget instanceof HTMLElement) {
    currentTarget.hidden = true;
  }
}
