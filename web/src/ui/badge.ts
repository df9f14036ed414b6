/** `<eva-badge state="live">`: where a broadcast stands, as a word with a sign. */

import { localized } from "@lit/localize";
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { BroadcastState } from "../protocol/broadcast.ts";
import { stateWord } from "./format.ts";
import { now } from "./now.ts";
import { shared } from "./shared-styles.ts";
import { Ticker } from "./ticker.ts";

/** See the module's header. */
@customElement("eva-badge")
@localized()
export class EvaBadge extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: inline-flex;
        align-items: center;
        gap: 0.45em;
        padding: 0.28em 0.65em;
        border-radius: var(--round-small);
        background: var(--raised);
        color: var(--ink-soft);
        font: 650 var(--step--1) / 1.2 var(--sans);
        white-space: nowrap;
      }
      :host([state="live"]:not([silent])) {
        background: var(--live);
        color: var(--on-live);
      }
      :host([state="live"])::before {
        content: "";
        width: 0.5em;
        height: 0.5em;
        border-radius: 50%;
        background: currentColor;
        animation: breathe 2.4s ease-in-out infinite;
      }
      @keyframes breathe {
        50% {
          opacity: 0.35;
        }
      }
      :host([silent])::before {
        animation: none;
      }
      @media (forced-colors: active) {
        :host {
          border: 1px solid currentColor;
        }
        :host([state="live"])::before {
          background: Highlight;
          forced-color-adjust: none;
        }
      }
      @media (prefers-reduced-motion: reduce) {
        :host::before {
          animation: none !important;
        }
      }
    `,
  ];

  /** Where the broadcast stands. */
  @property({ reflect: true }) state: BroadcastState = "before";

  /** The broadcast's start, ISO 8601. */
  @property({ attribute: false }) startsAt: string | null = null;

  /** It is live, and no camera sends. */
  @property({ type: Boolean, reflect: true }) silent = false;

  constructor() {
    super();
    new Ticker(this);
  }

  protected override render(): TemplateResult {
    return html`${stateWord(this.state, this.startsAt, now(), this.silent)}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-badge": EvaBadge;
  }
}
