/** The written part of a broadcast's page. */

import { msg } from "@lit/localize";
import { html, nothing, type TemplateResult } from "lit";
import type { Broadcast, Link } from "../../protocol/broadcast.ts";
import { safeHref } from "../../text/markdown.ts";
import { markdown } from "../../text/render.ts";

type Part = TemplateResult | typeof nothing;

/** The description, with the tags beneath. */
export function about(broadcast: Broadcast): Part {
  const { description, tags } = broadcast;
  if (description.trim() === "" && tags.length === 0) {
    return nothing;
  }
  return html`<section class="about" aria-labelledby="about">
    <h2 id="about">${msg("About this spacewalk")}</h2>
    ${markdown(description)}
    ${
      tags.length === 0
        ? nothing
        : html`<ul class="tags" aria-label=${msg("Tags")}>
          ${tags.map((tag) => html`<li>${tag}</li>`)}
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
    <h2 id="crew">${msg("Crew")}</h2>
    <ul>
      ${broadcast.crew.map(
        (one) => html`<li><span class="who">${one.name}</span><span>${one.role}</span></li>`,
      )}
    </ul>
  </section>`;
}

/** Who made the broadcast, and its music. */
export function credits(broadcast: Broadcast): Part {
  if (broadcast.credits.length === 0 && broadcast.soundtrack === null) {
    return nothing;
  }
  return html`<section class="credits" aria-labelledby="credits">
    <h2 id="credits">${msg("Credits")}</h2>
    <dl>
      ${broadcast.credits.map((one) => html`<div><dt>${one.role}</dt><dd>${one.name}</dd></div>`)}
      ${soundtrack(broadcast)}
    </dl>
  </section>`;
}

/** Title, writers, performer, publisher and licence of the music, as its owners ask. */
function soundtrack(broadcast: Broadcast): Part {
  const music = broadcast.soundtrack;
  if (music === null) {
    return nothing;
  }
  const title = html`<cite>${music.title}</cite>`;
  const href = safeHref(music.url ?? "");
  const details: [string, string][] = [
    [msg("Written by"), music.writers.join(", ")],
    [msg("Performed by"), music.performer ?? ""],
    [msg("Published by"), music.publisher ?? ""],
    [msg("Licence"), music.licence ?? ""],
  ];
  return html`<div class="music">
    <dt>${msg("Soundtrack")}</dt>
    <dd>
      ${href === null ? title : html`<a href=${href} rel="noopener">${title}</a>`}
      ${details
        .filter(([, value]) => value !== "")
        .map(([name, value]) => html`<span class="detail">${name} ${value}</span>`)}
    </dd>
  </div>`;
}

/** Where to go from here. */
export function links(broadcast: Broadcast, kind: Link["kind"]): Part {
  const chosen = broadcast.links.flatMap((one) => {
    const href = safeHref(one.url);
    return one.kind === kind && href !== null ? [{ href, label: one.label }] : [];
  });
  if (chosen.length === 0) {
    return nothing;
  }
  return html`<ul class="links ${kind}" aria-label=${kind === "follow" ? msg("Follow") : msg("Links")}>
    ${chosen.map(
      (one) => html`<li><a href=${one.href} rel="noopener" target="_blank">${one.label}</a></li>`,
    )}
  </ul>`;
}
