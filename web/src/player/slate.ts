/**
 * `<eva-slate>`: what the player shows in place of, or over, a picture that does not move.
 *
 * Without a picture it is a drawn limb of the Earth with words; over a kept picture it is a scrim, so
 * that the last thing seen stays recognisable while the clock counts.
 */

import { localized, msg } from "@lit/localize";
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { ClockSync } from "../store/clock-sync.ts";
import { solidButton } from "../ui/button-styles.ts";
import { formatClock } from "../ui/format.ts";
import { locale } from "../ui/locale.ts";
import { shared } from "../ui/shared-styles.ts";
import { Ticker } from "../ui/ticker.ts";
import { Phase } from "./phase.ts";
import { slateText } from "./slate-text.ts";
import "../ui/limb.ts";

/** Joining takes a tenth of a second as a rule; a slate that flashes by would only disturb. */
const PATIENCE_MS = 700;

const JOINING: ReadonlySet<Phase> = new Set([Phase.Idle, Phase.Connecting]);

/** The camera sends nothing, while others may. */
const MISSING: ReadonlySet<Phase> = new Set([Phase.Waiting, Phase.Lost]);

/**
 * See the module's header.
 *
 * @fires eva-retry - the viewer wants another attempt; bubbles, composed
 * @fires eva-back - the viewer wants the programme again
 */
@customElement("eva-slate")
@localized()
export class EvaSlate extends LitElement {
  static override styles = [
    shared,
    solidButton,
    css`
      :host {
        position: absolute;
        inset: 0;
        display: grid;
        container-type: inline-size;
        color: #fff;
        line-height: 1.5;
      }
      eva-limb,
      .scrim,
      .words {
        grid-area: 1 / 1;
        min-width: 0;
        min-height: 0;
      }
      eva-limb {
        position: absolute;
        inset: 0;
      }
      .scrim {
        background:
          linear-gradient(to top, rgb(3 6 12 / 0.92), rgb(3 6 12 / 0.25) 70%),
          rgb(3 6 12 / 0.4);
        backdrop-filter: grayscale(0.85);
      }
      .words {
        position: relative;
        align-self: end;
        padding: clamp(1rem, 5cqi, 4rem);
      }
      /* Over a picture the controls keep their place beneath the words. */
      :host([pictured]) .words {
        padding-bottom: clamp(3rem, 9cqi, 5.5rem);
        text-shadow: 0 1px 1.5em rgb(0 0 0 / 0.7);
      }
      .headline {
        font: 650 clamp(1.25rem, 3.6cqi, 3rem) / 1.15 var(--display);
        letter-spacing: -0.02em;
        text-wrap: balance;
      }
      .clock {
        margin-top: 0.06em;
        font: 600 clamp(2rem, 9cqi, 7.5rem) / 1 var(--display);
        font-variant-numeric: tabular-nums;
        letter-spacing: -0.035em;
      }
      .detail {
        max-width: 46ch;
        margin-top: 0.4em;
        text-wrap: balance;
        color: rgb(255 255 255 / 0.82);
        font-size: clamp(0.875rem, 1.7cqi, 1.25rem);
      }
      button {
        margin-top: 1.1rem;
      }
      /* In the smallest player the button says enough. */
      @container (max-width: 16rem) {
        .detail:has(+ button) {
          display: none;
        }
        button.solid {
          min-height: 2.25rem;
          padding: 0 0.75rem;
          font-size: 0.875rem;
          line-height: 1.2;
        }
      }
      /* On a phone's width the words reach up to the limb, which steps back for them. */
      @container (max-width: 30rem) {
        eva-limb {
          opacity: 0.45;
        }
        .detail {
          line-height: 1.4;
        }
        button {
          margin-top: 0.75rem;
        }
      }
    `,
  ];

  /** What the player is doing. */
  @property({ reflect: true }) phase: Phase = Phase.Idle;
  /** A picture is behind this slate. */
  @property({ type: Boolean, reflect: true }) pictured = false;
  /** When the last packet came, on the clock of `performance.now()`. */
  @property({ attribute: false }) lostSinceMs: number | null = null;
  /** When the camera was sent last, RFC 3339, as the server knows. */
  @property({ attribute: false }) seenAt: string | null = null;
  /** What the camera sends cannot be shown. */
  @property({ attribute: false }) noPicture = false;
  /** The broadcast's start, ISO 8601. */
  @property({ attribute: false }) startsAt: string | null = null;
  /** The server's clock, for the countdown. */
  @property({ attribute: false }) clock: ClockSync | null = null;
  /** The camera's name. */
  @property({ attribute: false }) cameraName = "";
  /** The server's reason for refusing. */
  @property({ attribute: false }) refusal: Error | null = null;
  /** The programme goes on elsewhere, on another camera. */
  @property({ attribute: false }) away = false;
  /** Which limb is drawn. */
  @property({ attribute: false }) seed = "";

  /** The present phase has lasted for a while. */
  @state() private patient = false;
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    new Ticker(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#patience);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("phase")) {
      clearTimeout(this.#patience);
      this.patient = !JOINING.has(this.phase);
      this.#patience = setTimeout(() => {
        this.patient = true;
      }, PATIENCE_MS);
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    const lostForMs = this.#lostForMs();
    const text = slateText({
      phase: this.phase,
      cameraName: this.cameraName,
      startsInMs: this.#startsInMs(),
      lostForMs,
      lostAt: formatClock(new Date(this.#nowMs() - (lostForMs ?? 0)).toISOString(), locale()),
      noPicture: this.noPicture,
      refusal: this.refusal,
    });
    if (text === null || !this.patient) {
      return nothing;
    }
    return html`
      ${this.pictured ? html`<div class="scrim"></div>` : html`<eva-limb .seed=${this.seed} horizon="0.42" dawn="0.74"></eva-limb>`}
      <div class="words">
        <p class="headline">${text.headline}</p>
        ${text.clock === null ? nothing : html`<p class="clock">${text.clock}</p>`}
        <p class="detail">${text.detail}</p>
        ${this.phase === Phase.Failed ? this.#retryButton() : nothing}
        ${this.away && MISSING.has(this.phase) ? this.#backButton() : nothing}
      </div>
    `;
  }

  #nowMs(): number {
    return this.clock?.serverMs(performance.now()) ?? Date.now();
  }

  #lostForMs(): number | null {
    if (this.lostSinceMs !== null) {
      return performance.now() - this.lostSinceMs;
    }
    return this.seenAt === null ? null : Math.max(0, this.#nowMs() - Date.parse(this.seenAt));
  }

  #startsInMs(): number | null {
    const left = this.startsAt === null ? Number.NaN : Date.parse(this.startsAt) - this.#nowMs();
    return left > 0 ? Math.ceil(left / 1000) * 1000 : null;
  }

  #backButton(): TemplateResult {
    const ask = (): boolean => this.dispatchEvent(new CustomEvent("eva-back"));
    return html`<button class="solid" type="button" @click=${ask}>
      ${msg("Back to the programme")}
    </button>`;
  }

  #retryButton(): TemplateResult {
    const ask = (): boolean =>
      this.dispatchEvent(new CustomEvent("eva-retry", { bubbles: true, composed: true }));
    return html`<button class="solid" type="button" @click=${ask}>${msg("Try again")}</button>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-slate": EvaSlate;
  }
}
