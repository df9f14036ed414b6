/** `<eva-now>`: what the crew is doing, the mission's clock, and the reader's own time. */

import { localized, msg, str } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { type Broadcast, contentLanguage } from "../../protocol/broadcast.ts";
import { formatClock, formatElapsed } from "../../ui/format.ts";
import { locale } from "../../ui/locale.ts";
import { now } from "../../ui/now.ts";
import { shared } from "../../ui/shared-styles.ts";
import { Ticker } from "../../ui/ticker.ts";
import { currentMarker } from "./markers-now.ts";
import "../../ui/mission-clock.ts";

/** See the module's header. */
@customElement("eva-now")
@localized()
export class EvaNow extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        gap: 1rem 2.5rem;
      }
      .doing {
        flex: 1 1 18rem;
        padding-inline-start: 1rem;
        border-inline-start: 3px solid var(--accent);
      }
      .clock {
        padding-inline-start: 1rem;
        border-inline-start: 3px solid var(--line);
      }
      .clock:not(:has([counting])) .local {
        font-size: 1rem;
      }
      .doing strong {
        display: block;
        font: 650 var(--step-2) / 1.3 var(--display);
        overflow-wrap: anywhere;
      }
      .since,
      .local {
        color: var(--ink-faint);
        font-size: 0.875rem;
      }
      eva-mission-clock {
        --clock-size: var(--step-2);
      }
    `,
  ];

  /** The broadcast. */
  @property({ attribute: false }) broadcast: Broadcast | null = null;

  constructor() {
    super();
    new Ticker(this);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { broadcast } = this;
    if (broadcast === null) {
      return nothing;
    }
    const nowMs = now();
    const local = formatClock(new Date(nowMs).toISOString(), locale());
    const doing = currentMarker(broadcast.markers, nowMs);
    return html`
      ${
        doing === null
          ? nothing
          : html`<div class="doing">
              <p class="eyebrow">${msg("What they are doing now")}</p>
              <strong lang=${contentLanguage(broadcast)}><bdi>${doing.title}</bdi></strong>
              <span class="since figures"
                >${msg(str`for ${formatElapsed(nowMs - Date.parse(doing.at))}`)}</span
              >
            </div>`
      }
      <div class="clock">
        <eva-mission-clock
          .state=${broadcast.state}
          .startsAt=${broadcast.starts_at}
        ></eva-mission-clock>
        <p class="local figures">${msg(str`${local} your time`)}</p>
      </div>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-now": EvaNow;
  }
}
