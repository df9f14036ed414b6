/**
 * `<eva-sphere>`: a 360° picture to look around in.
 *
 * Dragging, arrow keys, buttons and the device's own motion turn it; pinching, + and - change the angle
 * of view, and so does the wheel where it does not scroll the page: with Ctrl, with the focus here, or in
 * full screen. Until the viewer takes hold of it, it follows the operator's view where one is told.
 */

import { localized, msg, str } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import * as icons from "../../ui/icons.ts";
import { shared } from "../../ui/shared-styles.ts";
import {
  AHEAD,
  dragged,
  isSame,
  type OperatorView,
  TURN_STEP,
  towards,
  turned,
  type View,
  zoomed,
} from "./looking.ts";
import { followDevice, hasMotion } from "./motion.ts";
import { Painter } from "./painter.ts";
import { sphereStyles } from "./sphere-styles.ts";

/** The share of the way that a followed view is caught up with in each frame. */
const EASE = 0.12;

const WHEEL_STEP = 240;

/** From this height on, CSS pixels, the buttons are there from the beginning. */
const ROOMY_PX = 448;

const KEYS: Readonly<Record<string, (view: View) => View>> = {
  ArrowLeft: (view) => turned(view, -TURN_STEP, 0),
  ArrowRight: (view) => turned(view, TURN_STEP, 0),
  ArrowUp: (view) => turned(view, 0, TURN_STEP),
  ArrowDown: (view) => turned(view, 0, -TURN_STEP),
  "+": (view) => zoomed(view, 1),
  "=": (view) => zoomed(view, 1),
  "-": (view) => zoomed(view, -1),
  Home: () => AHEAD,
};

function isFullScreen(): boolean {
  return document.fullscreenElement !== null;
}

/** This browser can draw a 360° picture. */
export function canDraw(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return gl !== null;
}

/**
 * See the module's header.
 *
 * @fires eva-sphere-lost - the browser has taken WebGL away; the flat picture is all there is
 */
@customElement("eva-sphere")
@localized()
export class EvaSphere extends LitElement {
  static override styles = [shared, sphereStyles];

  /** The element that plays the picture. */
  @property({ attribute: false }) video: HTMLVideoElement | null = null;
  /** Where the operator looks, or null while nobody tells. */
  @property({ attribute: false }) operatorView: OperatorView | null = null;
  /** Without buttons. */
  @property({ type: Boolean }) plain = false;
  /** Not to be turned: one of several small pictures. */
  @property({ type: Boolean, reflect: true }) still = false;

  @state() private view: View = AHEAD;
  @state() private following = true;
  /** The viewer wants the buttons, or wants them away; null: they are there where there is room. */
  @state() private opened: boolean | null = null;
  /** There is room for buttons beside something to look at. */
  @state() private roomy = false;
  @state() private moving: (() => void) | null = null;
  @query("canvas") private readonly canvas!: HTMLCanvasElement;

  #painter: Painter | null = null;
  #loop = 0;
  #fresh = true;
  #frame: number | null = null;
  readonly #pointers = new Map<number, { x: number; y: number }>();

  /** Where the viewer looks. */
  get looking(): View {
    return this.view;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) {
      this.#begin();
    }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    cancelAnimationFrame(this.#loop);
    this.moving?.();
    if (this.#frame !== null) {
      this.video?.cancelVideoFrameCallback?.(this.#frame);
    }
  }

  protected override firstUpdated(): void {
    this.roomy = this.clientHeight >= ROOMY_PX;
    this.#begin();
  }

  protected override render(): TemplateResult {
    const { yaw, pitch, fov } = this.view;
    const [y, p] = [Math.round(yaw), Math.round(pitch)];
    return html`<div
        class="field"
        role="application"
        tabindex=${this.still ? -1 : 0}
        aria-label=${msg("360° picture. Arrow keys look around, plus and minus zoom, Home looks ahead.")}
        @keydown=${this.#onKey}
        @pointerdown=${this.#onDown}
        @pointermove=${this.#onMove}
        @pointerup=${this.#onUp}
        @pointercancel=${this.#onUp}
        @wheel=${this.#onWheel}
        @click=${(event: Event) => event.stopPropagation()}
      >
        <canvas
          aria-hidden="true"
          @webglcontextlost=${() => this.#lose()}
        ></canvas>
      </div>
      ${this.plain ? nothing : this.#controls()}
      <p class="hidden" data-yaw=${y} data-pitch=${p} data-fov=${Math.round(fov)}>
        ${msg(str`Looking ${y}° sideways, ${p}° up`)}
      </p>`;
  }

  #controls(): TemplateResult {
    const button = (name: string, icon: TemplateResult, act: () => void): TemplateResult =>
      html`<button type="button" aria-label=${name} title=${name} @click=${act}>${icon}</button>`;
    const press = (key: string) => (): void => this.#press(key);
    const open = this.opened ?? this.roomy;
    const name = msg("Buttons to look around");
    return html`<div class="controls" role="group" aria-label=${msg("Look around")}>
      <button
        class="compass"
        type="button"
        aria-label=${name}
        title=${name}
        aria-expanded=${open}
        @click=${() => {
          this.opened = !open;
        }}
      >
        <svg viewBox="-12 -12 24 24" style="transform:rotate(${this.view.yaw}deg)">
          <circle r="10.5" fill="none" stroke="currentColor" stroke-opacity=".5" />
          <path d="M0-9 3.2 2 0 .2-3.2 2Z" fill="currentColor" />
        </svg>
      </button>
      ${open ? this.#buttons(button, press) : nothing}
    </div>`;
  }

  #buttons(
    button: (name: string, icon: TemplateResult, act: () => void) => TemplateResult,
    press: (key: string) => () => void,
  ): TemplateResult {
    return html`<div class="pad">
        <span class="up">${button(msg("Look up"), icons.up, press("ArrowUp"))}</span>
        <span class="left">${button(msg("Look left"), icons.left, press("ArrowLeft"))}</span>
        <span class="middle">${button(msg("Look ahead"), icons.reset, press("Home"))}</span>
        <span class="right">${button(msg("Look right"), icons.right, press("ArrowRight"))}</span>
        <span class="down">${button(msg("Look down"), icons.down, press("ArrowDown"))}</span>
      </div>
      ${button(msg("Zoom in"), icons.plus, press("+"))}
      ${button(msg("Zoom out"), icons.minus, press("-"))}
      ${hasMotion() ? this.#toggle(msg("Turn the device to look around"), icons.motion, this.moving !== null, () => void this.#toggleMotion()) : nothing}
      ${
        this.operatorView === null
          ? nothing
          : this.#toggle(msg("Follow the operator's view"), icons.camera, this.following, () => {
              this.following = !this.following;
            })
      }`;
  }

  #toggle(name: string, icon: TemplateResult, on: boolean, act: () => void): TemplateResult {
    return html`<button type="button" aria-label=${name} title=${name} aria-pressed=${on} @click=${act}>
      ${icon}
    </button>`;
  }

  #begin(): void {
    try {
      this.#painter ??= new Painter(this.canvas);
    } catch {
      this.#lose();
      return;
    }
    this.#awaitFrame();
    this.#draw();
  }

  #lose(): void {
    cancelAnimationFrame(this.#loop);
    this.#painter = null;
    this.dispatchEvent(new CustomEvent("eva-sphere-lost"));
  }

  /** A frame is taken over once; browsers that cannot tell of new ones take each for new. */
  #awaitFrame(): void {
    this.#fresh = true;
    this.#frame = this.video?.requestVideoFrameCallback?.(() => this.#awaitFrame()) ?? null;
  }

  #draw(): void {
    this.#loop = requestAnimationFrame(() => this.#draw());
    const { video, operatorView } = this;
    if (this.following && operatorView !== null && !isSame(this.view, operatorView)) {
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.view = towards(this.view, operatorView, still ? 1 : EASE);
    }
    if (this.#fresh && video !== null) {
      this.#painter?.take(video);
      this.#fresh = this.#frame === null;
    }
    this.#painter?.draw(this.view);
  }

  #take(view: View): void {
    this.following = false;
    this.view = view;
  }

  #press(key: string): void {
    const change = KEYS[key];
    if (change !== undefined) {
      this.#take(change(this.view));
    }
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key in KEYS && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      this.#press(event.key);
    }
  }

  #onDown(event: PointerEvent): void {
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
  }

  #onMove(event: PointerEvent): void {
    const former = this.#pointers.get(event.pointerId);
    if (former === undefined) {
      return;
    }
    const spread = this.#spread();
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (spread !== null) {
      const ratio = (this.#spread() ?? spread) / spread;
      this.#take(zoomed(this.view, Math.log(ratio) / -Math.log(0.85)));
      return;
    }
    const [dx, dy] = [event.clientX - former.x, event.clientY - former.y];
    this.#take(dragged(this.view, dx, dy, this.canvas.clientHeight));
  }

  #onUp(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
  }

  /** How far apart two fingers are; null for one. */
  #spread(): number | null {
    const [one, other] = [...this.#pointers.values()];
    return one === undefined || other === undefined
      ? null
      : Math.max(1, Math.hypot(one.x - other.x, one.y - other.y));
  }

  #onWheel(event: WheelEvent): void {
    const ours = event.ctrlKey || this.matches(":focus-within") || isFullScreen();
    if (ours) {
      event.preventDefault();
      this.#take(zoomed(this.view, -event.deltaY / WHEEL_STEP));
    }
  }

  async #toggleMotion(): Promise<void> {
    if (this.moving !== null) {
      this.moving();
      this.moving = null;
      return;
    }
    this.moving = await followDevice(this.view, (yaw, pitch) => {
      this.#take({ ...this.view, yaw, pitch });
    });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-sphere": EvaSphere;
  }
}
