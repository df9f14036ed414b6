/**
 * `<eva-curve slug="…">`: how the ratings went over time, and the moments that were loved best.
 *
 * The drawing is uPlot's; the same figures stand in a table for whoever cannot see it. It is read again
 * when `refresh` is called, which the page does on the server's word.
 */

import { localized, msg, str } from "@lit/localize";
import {
  css,
  html,
  LitElement,
  nothing,
  type PropertyValues,
  type TemplateResult,
  unsafeCSS,
} from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import uPlot from "uplot";
import uplotCss from "uplot/dist/uPlot.min.css?inline";
import type { RatingPoint, RatingSeries } from "../protocol/series.ts";
import { getRatingSeries } from "../transport/api.ts";
import { formatAverage, formatClock, formatCount, formatMissionTime } from "../ui/format.ts";
import { star } from "../ui/icons.ts";
import { locale } from "../ui/locale.ts";
import { shared } from "../ui/shared-styles.ts";
import { onThemeChange } from "../ui/theme.ts";
import { bestOf, chartData, lonely } from "./curve-data.ts";

const HEIGHT_REM = 9;

/** See the module's header. */
@customElement("eva-curve")
@localized()
export class EvaCurve extends LitElement {
  static override styles = [
    unsafeCSS(uplotCss),
    shared,
    css`
      /* Nothing to show takes no place in the page's grid. */
      :host([empty]) {
        display: none;
      }
      h2 {
        margin-bottom: 0.75rem;
        font: 650 var(--step-1) / 1.3 var(--display);
      }
      .chart {
        min-height: 9rem;
      }
      .uplot {
        width: 100%;
      }
      ol {
        display: grid;
        gap: 0 1.5rem;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 14rem), 1fr));
        margin: 0.5rem 0 0;
        padding: 0;
        list-style: none;
      }
      li {
        display: flex;
        align-items: center;
        gap: 0.6rem;
        padding-block: 0.4rem;
        font-size: 0.9375rem;
      }
      li svg {
        flex: none;
        color: var(--star);
        fill: currentColor;
      }
      .votes {
        color: var(--ink-faint);
        font-size: 0.875rem;
      }
    `,
  ];

  /** The broadcast. */
  @property() slug = "";
  /** The broadcast's start, RFC 3339. */
  @property({ attribute: false }) startsAt: string | null = null;
  @state() private series: RatingSeries | null = null;
  @query(".chart") private readonly place!: HTMLElement | null;
  #plot: uPlot | null = null;
  readonly #resize = new ResizeObserver(() => this.#draw());
  #unlisten: (() => void) | null = null;

  /** Reads the figures again. */
  async refresh(): Promise<void> {
    try {
      this.series = await getRatingSeries(this.slug);
      this.toggleAttribute("empty", this.series.points.length === 0);
    } catch {
      // What has been drawn stays; the server says when there is something new.
    }
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // A canvas does not follow the style sheets.
    this.#unlisten = onThemeChange(() => this.#drawAnew());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unlisten?.();
    this.#resize.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  protected override firstUpdated(): void {
    void this.refresh();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { series } = this;
    if (series === null || series.points.length === 0) {
      return nothing;
    }
    return html`<section aria-labelledby="curve">
      <h2 id="curve">${msg("How viewers rated each moment")}</h2>
      ${series.points.length < 2 ? nothing : html`<div class="chart" aria-hidden="true"></div>`}
      ${this.#table(series)}
      ${
        series.moments.length === 0
          ? nothing
          : html`<p class="eyebrow" id="best">${msg("Best loved moments")}</p>
            <ol aria-labelledby="best">
              ${series.moments.map((one) => this.#moment(one))}
            </ol>`
      }
    </section>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.size > 0 && this.place !== null) {
      this.#resize.observe(this.place);
      this.#drawAnew();
    }
  }

  /** What the drawing shows, for those who read it. */
  #table(series: RatingSeries): TemplateResult {
    return html`<div class="hidden">
      <table>
        <caption>${msg("How viewers rated each moment")}</caption>
        <thead>
          <tr>
            <th scope="col">${msg("Moment")}</th>
            <th scope="col">${msg("Average")}</th>
            <th scope="col">${msg("Votes")}</th>
          </tr>
        </thead>
        <tbody>
          ${series.points.map(
            (one) => html`<tr>
              <th scope="row"><time datetime=${one.at}>${this.#when(one)}</time></th>
              <td>${formatAverage(one.average, locale())}</td>
              <td>${formatCount(one.count, locale())}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #when(one: RatingPoint): string {
    return formatMissionTime(one.at, this.startsAt) ?? formatClock(one.at, locale());
  }

  #moment(one: RatingPoint): TemplateResult {
    const when = this.#when(one);
    const average = formatAverage(one.average, locale());
    return html`<li>
      ${star}<time class="figures" datetime=${one.at}>${when}</time>
      <span class="votes figures">${msg(str`${average} of 5, votes: ${one.count}`)}</span>
    </li>`;
  }

  #drawAnew(): void {
    this.#plot?.destroy();
    this.#plot = null;
    this.#draw();
  }

  #draw(): void {
    const { place, series } = this;
    const width = place?.clientWidth ?? 0;
    if (place === null || series === null || width === 0) {
      return;
    }
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const size = { width, height: Math.round(HEIGHT_REM * rem) };
    if (this.#plot === null) {
      this.#plot = new uPlot(
        this.#options(size, rem),
        [...chartData(series), bestOf(series)],
        place,
      );
    } else if (this.#plot.width !== width) {
      this.#plot.setSize(size);
    }
  }

  #options(size: { width: number; height: number }, rem: number): uPlot.Options {
    const paint = (name: string): string => colour(this, name);
    const font = `${Math.round(rem * 0.75)}px ${getComputedStyle(this).fontFamily}`;
    const axis = { stroke: paint("--ink-faint"), font, ticks: { show: false } };
    const start = Date.parse(this.startsAt ?? "");
    return {
      ...size,
      legend: { show: false },
      cursor: { show: false },
      scales: { y: { range: [1, 5] } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          space: rem * 5,
          values: (_plot, ticks) => ticks.map((at) => this.#tick(at, start)),
        },
        {
          ...axis,
          grid: { stroke: paint("--line"), width: 1 },
          size: rem * 1.75,
          splits: () => [1, 2, 3, 4, 5],
        },
      ],
      series: [
        {},
        {
          stroke: paint("--star"),
          width: 2,
          fill: `color-mix(in srgb, ${paint("--star")} 16%, transparent)`,
          points: {
            show: true,
            size: rem * 0.25,
            filter: ({ data }, index) => lonely(data[index] ?? []),
          },
        },
        {
          stroke: paint("--star"),
          fill: paint("--star"),
          // Dots without a line between them.
          paths: () => null,
          points: { show: true, size: rem * 0.625, fill: paint("--star") },
        },
      ],
    };
  }

  #tick(at: number, start: number): string {
    const iso = new Date(at * 1000).toISOString();
    return Number.isNaN(start)
      ? formatClock(iso, locale())
      : (formatMissionTime(iso, this.startsAt)?.slice(0, -3) ?? "");
  }
}

/** A colour of the theme, as a canvas understands it. */
function colour(host: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  (host.shadowRoot ?? host).append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-curve": EvaCurve;
  }
}
