/** `<eva-mission-clock>`: time since the hatch opened, or until it does. */

import { localized } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { BroadcastState } from "../protocol/broadcast.ts";
import { missionClock } from "./format.ts";
import { now } from "./now.ts";
import { shared } from "./shared-styles.ts";
import { Ticker } from "./ticker.ts";

/** See the module's header. */
@customElement("eva-mission-clock")
@localized()
export class EvaMissionClock extends LitElement {
  static override styles = [
    shared,
    css`
      /* Without figures it takes no place in its neighbours' grid. */
      :host(:not([counting])) {
        display: none;
      }
      .value {
        font: 600 var(--clock-size, var(--step-3)) / 1.3 var(--display);
        font-variant-numeric: tabular-nums;
        letter-spacing: -0.01em;
      }
    `,
  ];

  /** Where the broadcast stands. */
  @property({ attribute: false }) state: BroadcastState = "before";
  /** Its start, ISO 8601. */
  @property({ attribute: false }) startsAt: string | null = null;
  constructor() {
    super();
    new Ticker(this);
  }

  protected override render(): TemplateResult | typeof nothing {
    const clock = missionClock(this.state, this.startsAt, now());
    this.toggleAttribute("counting", clock !== null);
    if (clock === null) {
      return nothing;
    }
    return html`
      <p class="eyebrow">${clock.label}</p>
      <p class="value" role="timer" aria-label=${clock.label}>${clock.value}</p>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-mission-clock": EvaMissionClock;
  }
}
