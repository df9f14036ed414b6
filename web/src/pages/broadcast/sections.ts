/** The written part of a broadcast's page. */

import { msg } from "@lit/localize";
import { html, nothing, type TemplateResult } from "lit";
import { type Broadcast, contentLanguage, type Link } from "../../protocol/broadcast.ts";
import { linkText, safeHref } from "../../text/address.ts";
import { markdown } from "../../text/render.ts";
import "./timeline.ts";

type Part = TemplateResult | typeof nothing;

/** What it is about, and how its viewers liked each part of it. */
export function story(broadcast: Broadcast): TemplateResult {
  return html`<div class="story">
    ${about(broadcast)}
    <eva-curve slug=${broadcast.slug} .startsAt=${broadcast.starts_at}></eva-curve>
  </div>`;
}

/** What happens when, who is there, and where to read on. */
export function aside(broadcast: Broadcast): TemplateResult {
  return html`<div class="aside">
    ${
      broadcast.markers.length === 0
        ? nothing
        : html`<section aria-labelledby="timeline">
            <h2 id="timeline">${msg("Timeline")}</h2>
            <eva-timeline .broadcast=${broadcast}></eva-timeline>
          </section>`
    }
    ${crew(broadcast)} ${credits(broadcast)} ${links(broadcast, "link")}
  </div>`;
}

/** The description, with the tags beneath. */
function about(broadcast: Broadcast): Part {
  const { description, tags } = broadcast;
  if (description.trim() === "" && tags.length === 0) {
    return nothing;
  }
  return html`<section class="about" aria-labelledby="about">
    <h2 id="about">${msg("About this spacewalk")}</h2>
    <div class="text" lang=${contentLanguage(broadcast)}>${markdown(description)}</div>
    ${
      tags.length === 0
        ? nothing
        : html`<ul class="tags" lang=${contentLanguage(broadcast)} aria-label=${msg("Tags")}>
          ${tags.map((tag) => html`<li><bdi>${tag}</bdi></li>`)}
        </ul>`
    }
  </section>`;
}

/** Who is outside, and who helps them. */
function crew(broadcast: Broadcast): Part {
  if (broadcast.crew.length === 0) {
    return nothing;
  }
  return html`<section class="crew" aria-labelledby="crew">
    <h2 id="crew">${msg("Crew")}</h2>
    <ul lang=${contentLanguage(broadcast)}>
      ${broadcast.crew.map(
        (one) => html`<li><bdi class="who">${one.name}</bdi><bdi>${one.role}</bdi></li>`,
      )}
    </ul>
  </section>`;
}

/** Who made the broadcast, and its music. */
function credits(broadcast: Broadcast): Part {
  if (broadcast.credits.length === 0 && broadcast.soundtrack === null) {
    return nothing;
  }
  return html`<section class="credits" aria-labelledby="credits">
    <h2 id="credits">${msg("Credits")}</h2>
    <dl>
      ${broadcast.credits.map((one) => html`<div lang=${contentLanguage(broadcast)}><dt><bdi>${one.role}</bdi></dt><dd><bdi>${one.name}</bdi></dd></div>`)}
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
  const href = safeHref(music.url ?? "");
  const named = href === null ? music.title : linkText(music.title, href);
  const title = html`<cite lang=""><bdi>${named}</bdi></cite>`;
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
        .map(([name, value]) => html`<span class="detail">${name} <bdi>${value}</bdi></span>`)}
    </dd>
  </div>`;
}

/** Where to go from here. */
export function links(broadcast: Broadcast, kind: Link["kind"]): Part {
  const chosen = broadcast.links.flatMap((one) => {
    const href = safeHref(one.url);
    return one.kind === kind && href !== null ? [{ href, label: linkText(one.label, href) }] : [];
  });
  if (chosen.length === 0) {
    return nothing;
  }
  return html`<ul class="links ${kind}" aria-label=${kind === "follow" ? msg("Follow") : msg("Links")}>
    ${chosen.map(
      (one) =>
        html`<li lang=${contentLanguage(broadcast)}><a href=${one.href} rel="noopener" target="_blank"><bdi>${one.label}</bdi></a></li>`,
    )}
  </ul>`;
}
