/** `<eva-stats>`: everything that the player has measured, over the picture. */

import { localized, msg } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { formatBitrate, formatCount, formatMilliseconds, formatPercent } from "../ui/format.ts";
import { cross } from "../ui/icons.ts";
import { locale } from "../ui/locale.ts";
import { shared } from "../ui/shared-styles.ts";
import type { Timings } from "./engine.ts";
import { latencyParts } from "./latency-parts.ts";
import { rungName } from "./rungs.ts";
import type { Telemetry } from "./telemetry.ts";
import "../ui/dialog.ts";

/**
 * See the module's header.
 *
 * @fires eva-close - the viewer has seen enough
 */
@customElement("eva-stats")
@localized()
export class EvaStats extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        container-type: inline-size;
        font: 400 0.8125rem/1.5 var(--sans);
        font-variant-numeric: tabular-nums;
      }
      /* Over the picture, down to where the bar has its buttons. */
      :host(:not([apart])) {
        position: absolute;
        top: var(--panel-top, 0.75rem);
        left: 0.75rem;
        width: min(40rem, calc(100% - 1.5rem));
        max-height: calc(100% - var(--panel-top, 0.75rem) - 3.75rem);
        overflow: auto;
        scrollbar-width: thin;
        scrollbar-color: rgb(255 255 255 / 0.55) transparent;
        border-radius: var(--round);
        background: rgb(6 9 15 / 0.95);
        color: #f1f4f9;
      }
      :host([apart]) {
        font-size: 0.9375rem;
      }
      :host([apart]) header {
        display: none;
      }
      :host([apart]) :is(dl, .parts) {
        margin-inline: 0;
        padding-inline: 0;
      }
      @container (min-width: 32rem) {
        .all {
          display: grid;
          grid-template-columns: repeat(2, minmax(0, 1fr));
        }
      }
      header {
        display: flex;
        align-items: center;
        justify-content: space-between;
        padding: 0.375rem 0.375rem 0 0.875rem;
        font-weight: 650;
      }
      button {
        display: grid;
        place-items: center;
        width: 2rem;
        height: 2rem;
        border: 0;
        border-radius: 50%;
        background: none;
        cursor: pointer;
      }
      button:hover {
        background: rgb(255 255 255 / 0.16);
      }
      dl {
        padding: 0 0.875rem 0.75rem;
      }
      dl div {
        display: flex;
        justify-content: space-between;
        gap: 1rem;
      }
      dt {
        color: var(--ink-soft);
      }
      dd {
        text-align: end;
      }
      .part {
        padding-inline-start: 0.75rem;
      }
      .parts {
        display: flex;
        height: 0.375rem;
        margin: 0.25rem 0.875rem 0.5rem;
        gap: 2px;
      }
      .parts span {
        min-width: 2px;
        border-radius: 1px;
      }
      .relay {
        background: #5aa9ff;
      }
      .network {
        background: #b0c4de;
      }
      .buffer {
        background: #ff7d47;
      }
      .decode {
        background: #ffd9ac;
      }
    `,
  ];

  /** It stands in a dialog, which has a heading and a way out. */
  @property({ type: Boolean, reflect: true }) apart = false;
  /** The latest figures. */
  @property({ attribute: false }) telemetry: Telemetry | null = null;
  /** How the present picture was joined. */
  @property({ attribute: false }) timings: Timings | null = null;
  /** The latency counts from the camera's own clock, not from the arrival at the relay. */
  @property({ attribute: false }) fromCamera = false;

  protected override render(): TemplateResult {
    const { telemetry } = this;
    return html`<header>
        <span id="title">${msg("Statistics")}</span>
        <button
          type="button"
          aria-label=${msg("Close the statistics")}
          @click=${() => this.dispatchEvent(new CustomEvent("eva-close"))}
        >
          ${cross}
        </button>
      </header>
      ${
        telemetry === null
          ? html`<dl><div><dt>${msg("No picture at present")}</dt></div></dl>`
          : html`<div class="all">
              <div>${this.#latency(telemetry)}</div>
              ${this.#figures(telemetry)}
            </div>`
      }`;
  }

  #latency(telemetry: Telemetry): TemplateResult {
    const parts = latencyParts(telemetry);
    const ms = (value: number): string => formatMilliseconds(value, locale());
    if (parts === null) {
      return html`<dl><div><dt>${msg("Latency")}</dt><dd>${msg("not measured")}</dd></div></dl>`;
    }
    const row = (name: string, value: number): TemplateResult =>
      html`<div class="part"><dt>${name}</dt><dd>${ms(value)}</dd></div>`;
    return html`
      <dl>
        <div><dt>${this.fromCamera ? msg("From shutter to screen") : msg("From the relay to the screen")}</dt><dd>${ms(parts.totalMs)}</dd></div>
        ${row(this.fromCamera ? msg("Camera and relay") : msg("Relay"), parts.relayMs)} ${row(msg("Network"), parts.networkMs)}
        ${row(msg("Waiting for late packets"), parts.bufferMs)}
        ${row(msg("Decoding"), parts.decodeMs)}
      </dl>
      <div class="parts" aria-hidden="true">
        <span class="relay" style="flex:${parts.relayMs}"></span>
        <span class="network" style="flex:${parts.networkMs}"></span>
        <span class="buffer" style="flex:${parts.bufferMs}"></span>
        <span class="decode" style="flex:${parts.decodeMs}"></span>
      </div>
    `;
  }

  #figures(telemetry: Telemetry): TemplateResult {
    const { stats } = telemetry;
    const row = (name: string, value: string | typeof nothing): TemplateResult =>
      html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
    const joined = this.timings?.firstFrame ?? null;
    const fps = formatCount(Math.round(stats.framesPerSecond), locale());
    return html`<dl>
      ${row(msg("Picture"), `${stats.width}×${stats.height}, ${fps} fps`)}
      ${row(msg("Quality"), stats.rendition === null ? "–" : rungName(stats.rendition))}
      ${row(msg("Codec"), stats.codec?.replace("video/", "") ?? "–")}
      ${row(msg("Engine"), stats.engine.toUpperCase())}
      ${row(msg("Bit rate"), formatBitrate(telemetry.receivedBps, locale()))}
      ${row(msg("Packets lost"), formatPercent(telemetry.loss, locale(), 2))}
      ${row(msg("Jitter"), formatMilliseconds(stats.jitterMs, locale()))}
      ${row(msg("Round trip"), stats.roundTripMs === null ? "–" : formatMilliseconds(stats.roundTripMs, locale()))}
      ${row(msg("Freezes"), `${formatCount(stats.freezeCount, locale())} (${formatMilliseconds(stats.freezeMs, locale())})`)}
      ${row(msg("Frames dropped"), formatCount(stats.framesDropped, locale()))}
      ${
        joined === null
          ? nothing
          : row(
              msg("First frame after"),
              formatMilliseconds(joined - (this.timings?.clicked ?? joined), locale()),
            )
      }
    </dl>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-stats": EvaStats;
  }
}
