/** The head of a broadcast's page: what it is, when, and how many watch. */

import { msg, str } from "@lit/localize";
import { html, nothing, type TemplateResult } from "lit";
import { viewers } from "../../audience/viewers.ts";
import { type Broadcast, contentLanguage } from "../../protocol/broadcast.ts";
import type { BroadcastView } from "../../store/reducer.ts";
import { formatMissionTime, formatStart } from "../../ui/format.ts";
import { share } from "../../ui/icons.ts";
import { locale } from "../../ui/locale.ts";
import { links } from "./sections.ts";
import "./now.ts";

/** What the head needs beside the broadcast. */
export interface HeadFacts {
  view: BroadcastView;
  broadcast: Broadcast;
  /** The moment that the page's address points to, milliseconds since 1970, or null. */
  sharedMs: number | null;
  onShare(): void;
}

/** See the module's header. */
export function head({ view, broadcast, sharedMs, onShare }: HeadFacts): TemplateResult {
  return html`
    <div class="facts">
      <eva-badge state=${broadcast.state} .startsAt=${broadcast.starts_at} ?silent=${broadcast.programme === null}></eva-badge>
      ${broadcast.state === "live" ? viewers(broadcast.viewers) : nothing}
      ${
        view.line === "down"
          ? html`<span class="stale">${msg("Live updates are interrupted")}</span>`
          : nothing
      }
    </div>
    <h1 lang=${contentLanguage(broadcast)}><bdi>${broadcast.title}</bdi></h1>
    ${
      broadcast.starts_at === null
        ? nothing
        : html`<p class="when">
          <time datetime=${broadcast.starts_at}>${formatStart(broadcast.starts_at, locale())}</time>
        </p>`
    }
    ${sharedMs === null ? nothing : sharedNote(broadcast, sharedMs)}
    ${broadcast.state === "live" ? html`<eva-now .broadcast=${broadcast}></eva-now>` : nothing}
    <div class="tools">
      <button class="share" type="button" @click=${onShare}>${share} ${msg("Share")}</button>
      ${links(broadcast, "follow")}
    </div>
  `;
}

function sharedNote(broadcast: Broadcast, sharedMs: number): TemplateResult {
  const iso = new Date(sharedMs).toISOString();
  const when = formatMissionTime(iso, broadcast.starts_at) ?? formatStart(iso, locale());
  return html`<p class="shared">
    ${msg(str`This link points to ${when}. There is no recording to go back to.`)}
  </p>`;
}
