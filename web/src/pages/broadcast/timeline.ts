/**
 * `<eva-timeline>`: what the crew has done, does, and will do; each line is a point to jump to once
 * there is something to jump into.
 */

import { localized } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { type Broadcast, contentLanguage, type Marker } from "../../protocol/broadcast.ts";
import { formatClock, formatMissionTime } from "../../ui/format.ts";
import { locale } from "../../ui/locale.ts";
import { now } from "../../ui/now.ts";
import { shared } from "../../ui/shared-styles.ts";
import { Ticker } from "../../ui/ticker.ts";
import { currentMarker } from "./markers-now.ts";

/** The detail of `eva-jump`. */
export interface Jump {
  /** RFC 3339. */
  at: string;
  camera: string | null;
}

/**
 * See the module's header.
 *
 * @fires eva-jump - {@link Jump}; bubbles
 */
@customElement("eva-timeline")
@localized()
export class EvaTimeline extends LitElement {
  static override styles = [
    shared,
    css`
      ol {
        margin: 0;
        padding: 0;
        list-style: none;
      }
      li {
        position: relative;
        padding-inline-start: 1.75rem;
      }
      /* The line of time runs behind the points. */
      li::before {
        content: "";
        position: absolute;
        inset: 0 auto 0 0.4375rem;
        width: 2px;
        background: var(--line);
      }
      li:first-child::before {
        top: 1.25rem;
      }
      li:last-child::before {
        bottom: calc(100% - 1.25rem);
      }
      li::after {
        content: "";
        position: absolute;
        left: 0;
        top: 0.8125rem;
        width: 1rem;
        height: 1rem;
        border: 2px solid var(--line-strong);
        border-radius: 50%;
        background: var(--bg);
      }
      li.done::after {
        border-color: var(--line-strong);
        background: var(--line-strong);
        box-shadow: inset 0 0 0 2px var(--bg);
      }
      li.now::after {
        border-color: var(--accent);
        background: var(--accent);
      }
      .line {
        display: grid;
        grid-template-columns: minmax(6.5rem, auto) 1fr;
        align-items: baseline;
        gap: 0 1rem;
        width: 100%;
        min-height: 2.75rem;
        padding: 0.5rem 0.75rem;
        border: 0;
        border-radius: var(--round-small);
        background: none;
        text-align: start;
      }
      button.line {
        cursor: pointer;
      }
      button.line:hover {
        background: var(--raised);
      }
      time {
        color: var(--ink-faint);
        font-size: 0.875rem;
        white-space: nowrap;
      }
      .title {
        font-weight: 600;
        overflow-wrap: anywhere;
      }
      .ahead .title {
        color: var(--ink-soft);
        font-weight: 400;
      }
      .now .title {
        color: var(--accent);
      }
      @media (forced-colors: active) {
        li::after {
          border-color: CanvasText;
          background: Canvas;
          forced-color-adjust: none;
        }
        li.done::after {
          background: CanvasText;
        }
        li.now::after {
          border-color: Highlight;
          background: Highlight;
        }
      }
      @media (max-width: 30rem) {
        .line {
          grid-template-columns: 1fr;
        }
      }
    `,
  ];

  /** The broadcast. */
  @property({ attribute: false }) broadcast: Broadcast | null = null;
  /** There is a recording to jump into. */
  @property({ type: Boolean }) jumpable = false;

  constructor() {
    super();
    new Ticker(this);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { broadcast } = this;
    if (broadcast === null || broadcast.markers.length === 0) {
      return nothing;
    }
    const nowMs = now();
    const current = broadcast.state === "live" ? currentMarker(broadcast.markers, nowMs) : null;
    return html`<ol>
      ${repeat(
        broadcast.markers,
        (one) => one.id,
        (one) => this.#line(broadcast, one, one === current, Date.parse(one.at) <= nowMs),
      )}
    </ol>`;
  }

  #line(broadcast: Broadcast, marker: Marker, now: boolean, past: boolean): TemplateResult {
    const mission = formatMissionTime(marker.at, broadcast.starts_at);
    const words = html`<time
        class="figures"
        datetime=${marker.at}
        title=${formatClock(marker.at, locale())}
        >${mission ?? formatClock(marker.at, locale())}</time
      >
      <bdi class="title" lang=${contentLanguage(broadcast)}>${marker.title}</bdi>`;
    const jump = (): void => this.#jump({ at: marker.at, camera: marker.camera });
    return html`<li class=${now ? "now" : past ? "done" : "ahead"} aria-current=${now ? "step" : nothing}>
      ${
        this.jumpable && past
          ? html`<button class="line" type="button" @click=${jump}>${words}</button>`
          : html`<div class="line">${words}</div>`
      }
    </li>`;
  }

  #jump(detail: Jump): void {
    this.dispatchEvent(new CustomEvent("eva-jump", { detail, bubbles: true, composed: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-timeline": EvaTimeline;
  }
  interface HTMLElementEventMap {
    "eva-jump": CustomEvent<Jump>;
  }
}
