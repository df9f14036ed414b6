/**
 * `<eva-limb seed="…">`: the Earth's limb at orbital dawn, drawn, the same for the same seed.
 *
 * It stands wherever there is no picture: behind the player's waiting states and on broadcasts' cards.
 */

import { css, html, LitElement, type SVGTemplateResult, svg, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { randomFrom } from "./random.ts";

const WIDTH = 1600;
const HEIGHT = 900;
const RADIUS = 2100;
const HAZE = 1.045;
const STARS = 110;

interface Scene {
  /** The Earth's centre. */
  x: number;
  y: number;
  /** Where on the limb the sun is about to rise. */
  sunX: number;
  sunY: number;
  stars: SVGTemplateResult[];
}

/**
 * @param seed varies the scene
 * @param horizon how far down the limb's summit stands, 0 to 1, or null to leave it to the seed
 * @param dawn how far to the right the sun rises, 0 to 1, or null to leave it to the seed
 */
function compose(seed: string, horizon: number | null, dawn: number | null): Scene {
  const random = randomFrom(seed);
  const summit = horizon ?? 0.48 + 0.24 * random();
  const x = WIDTH * (0.2 + 0.6 * random());
  const y = HEIGHT * summit + RADIUS;
  const side = random() < 0.5 ? -1 : 1;
  const sunX = WIDTH * (dawn ?? 0.5 + side * (0.14 + 0.22 * random()));
  return {
    x,
    y,
    sunX,
    sunY: y - Math.sqrt(RADIUS ** 2 - (sunX - x) ** 2),
    stars: Array.from({ length: STARS }, () => aStar(random, summit)),
  };
}

function aStar(random: () => number, horizon: number): SVGTemplateResult {
  const bright = random() ** 4;
  return svg`<circle
    cx=${(random() * WIDTH).toFixed(0)}
    cy=${(random() * HEIGHT * (horizon + 0.06)).toFixed(0)}
    r=${(0.5 + bright * 1.5).toFixed(2)}
    opacity=${(0.22 + bright * 0.7).toFixed(2)}
  />`;
}

/** See the module's header. Pure decoration: hidden from assistive technology. */
@customElement("eva-limb")
export class EvaLimb extends LitElement {
  static override styles = css`
    :host {
      display: block;
      overflow: hidden;
      background: #02050b;
    }
    svg {
      display: block;
      width: 100%;
      height: 100%;
    }
  `;

  /** Any text; a broadcast's slug as a rule. */
  @property() seed = "";
  /** How far down the limb's summit stands, 0 to 1; without it the seed decides. */
  @property({ type: Number }) horizon: number | null = null;
  /** How far to the right the sun rises, 0 to 1; without it the seed decides. */
  @property({ type: Number }) dawn: number | null = null;

  protected override render(): TemplateResult {
    const scene = compose(this.seed, this.horizon, this.dawn);
    return html`<svg
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      <defs>${gradients(scene)}</defs>
      <rect width=${WIDTH} height=${HEIGHT} fill="url(#sky)" />
      <g fill="#dfe9ff">${scene.stars}</g>
      <g mask="url(#dawn)">
        <circle cx=${scene.x} cy=${scene.y} r=${RADIUS * HAZE} fill="url(#air)" />
      </g>
      <ellipse cx=${scene.sunX} cy=${scene.sunY} rx="520" ry="210" fill="url(#glow)" />
      <circle cx=${scene.x} cy=${scene.y} r=${RADIUS} fill="#01030a" />
      <g mask="url(#dawn)">
        <circle cx=${scene.x} cy=${scene.y} r=${RADIUS} fill="url(#ground)" />
        <circle
          cx=${scene.x}
          cy=${scene.y}
          r=${RADIUS}
          fill="none"
          stroke="url(#edge)"
          stroke-width="3"
        />
      </g>
      <ellipse cx=${scene.sunX} cy=${scene.sunY} rx="330" ry="9" fill="url(#sun)" />
      <circle cx=${scene.sunX} cy=${scene.sunY} r="70" fill="url(#sun)" />
    </svg>`;
  }
}

function gradients(scene: Scene): SVGTemplateResult {
  const at = (radius: number): string => (radius / HAZE).toFixed(4);
  const { x, y, sunX, sunY } = scene;
  return svg`
    <linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#01030a" /><stop offset=".7" stop-color="#050d1f" />
    </linearGradient>
    <radialGradient id="air" gradientUnits="userSpaceOnUse" cx=${x} cy=${y} r=${RADIUS * HAZE}>
      <stop offset=${at(0.995)} stop-color="#bfe9ff" />
      <stop offset=${at(1.003)} stop-color="#5db8ff" stop-opacity=".95" />
      <stop offset=${at(1.01)} stop-color="#1f6fe0" stop-opacity=".6" />
      <stop offset=${at(1.022)} stop-color="#123f9c" stop-opacity=".24" />
      <stop offset="1" stop-color="#0a2360" stop-opacity="0" />
    </radialGradient>
    <radialGradient id="ground" gradientUnits="userSpaceOnUse" cx=${x} cy=${y} r=${RADIUS}>
      <stop offset=".84" stop-color="#01040a" /><stop offset=".955" stop-color="#031022" />
      <stop offset=".988" stop-color="#07305c" /><stop offset="1" stop-color="#1a6bb3" />
    </radialGradient>
    <radialGradient id="edge" gradientUnits="userSpaceOnUse" cx=${sunX} cy=${sunY} r="760">
      <stop offset="0" stop-color="#fff" /><stop offset="1" stop-color="#9bdcff" stop-opacity=".5" />
    </radialGradient>
    <radialGradient id="light" gradientUnits="userSpaceOnUse" cx=${sunX} cy=${sunY} r="1150">
      <stop offset="0" stop-color="#fff" /><stop offset=".5" stop-color="#b0b0b0" />
      <stop offset="1" stop-color="#4a4a4a" />
    </radialGradient>
    <mask id="dawn"><rect width=${WIDTH} height=${HEIGHT} fill="url(#light)" /></mask>
    <radialGradient id="glow">
      <stop offset="0" stop-color="#fff1e2" stop-opacity=".85" />
      <stop offset=".12" stop-color="#ffc089" stop-opacity=".5" />
      <stop offset=".4" stop-color="#ff8a4d" stop-opacity=".16" />
      <stop offset="1" stop-color="#ff7d47" stop-opacity="0" />
    </radialGradient>
    <radialGradient id="sun">
      <stop offset="0" stop-color="#fff" /><stop offset=".22" stop-color="#fff6ea" />
      <stop offset=".5" stop-color="#ffd9ac" stop-opacity=".45" />
      <stop offset="1" stop-color="#ffb27a" stop-opacity="0" />
    </radialGradient>
  `;
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-limb": EvaLimb;
  }
}
