/** The written part of a broadcast's page. */

import { html, nothing, type TemplateResult } from "lit";
import type { Broadcast } from "../../protocol/broadcast.ts";

type Part = TemplateResult | typeof nothing;

/** The description, a paragraph for each block of text, with the tags beneath. */
export function about(broadcast: Broadcast): Part {
  const paragraphs = broadcast.description.split(/\n\s*\n/).filter((text) => text.trim() !== "");
  if (paragraphs.length === 0 && broadcast.tags.length === 0) {
    return nothing;
  }
  return html`<section class="about" aria-labelledby="about">
    <h2 id="about">About this spacewalk</h2>
    ${paragraphs.map((text) => html`<p>${text}</p>`)}
    ${
      broadcast.tags.length === 0
        ? nothing
        : html`<ul class="tags" aria-label="Tags">
          ${broadcast.tags.map((tag) => html`<li>${tag}</li>`)}
        </ul>`
    }
  </section>`;
}

/** Who is outside, and who helps them. */
export function crew(broadcast: Broadcast): Part {
  if (broadcast.crew.length === 0) {
    return nothing;
  }
  return html`<section class="crew" aria-labelledby="crew">
    <h2 id="crew">Crew</h2>
    <ul>
      ${broadcast.crew.map(
        (one) => html`<li><span class="who">${one.name}</span><span>${one.role}</span></li>`,
      )}
    </ul>
  </section>`;
}

/** Who made the broadcast. */
export function credits(broadcast: Broadcast): Part {
  if (broadcast.credits.length === 0) {
    return nothing;
  }
  return html`<section class="credits" aria-labelledby="credits">
    <h2 id="credits">Credits</h2>
    <dl>
      ${broadcast.credits.map((one) => html`<div><dt>${one.role}</dt><dd>${one.name}</dd></div>`)}
    </dl>
  </section>`;
}
