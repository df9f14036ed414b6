/** What the viewer has laid over the picture, or in its place: figures, help, a word, the 360° view. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

/** How long a word over the picture stays, milliseconds. */
const BEZEL_MS = 1100;

/** Below this width of the player, CSS pixels, figures over the picture would leave none of it. */
const NARROW_PX = 480;

/** Where the statistics are: over the picture, or in a dialog of their own. */
export type Panel = "over" | "apart";

/** See the module's header; every change renders the host again. */
export class OverlayState implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #panel: Panel | null = null;
  #helping = false;
  #bezel: string | null = null;
  #sphere = false;
  #flat = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  /** Where the statistics are shown; null while they are not. */
  get panel(): Panel | null {
    return this.#panel;
  }

  /** The list of shortcuts is shown. */
  get helping(): boolean {
    return this.#helping;
  }

  /** A word that answers a key, or null. */
  get bezel(): string | null {
    return this.#bezel;
  }

  /** The 360° view has been loaded, and this browser can draw it. */
  get sphere(): boolean {
    return this.#sphere;
  }

  /** The viewer prefers the flat picture. */
  get flat(): boolean {
    return this.#flat;
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
  }

  /**
   * Shows the statistics, or takes them away; true where they are shown now.
   *
   * @param widthPx the player's width
   */
  togglePanel(widthPx: number): boolean {
    const place = widthPx < NARROW_PX ? "apart" : "over";
    this.#panel = this.#panel === null ? place : null;
    if (this.#panel !== null) {
      void import("./stats-panel.ts");
    }
    this.#host.requestUpdate();
    return this.#panel !== null;
  }

  /** Opens the list of shortcuts, or closes it. */
  help(open: boolean): void {
    this.#helping = open;
    if (open) {
      void import("./help.ts");
    }
    this.#host.requestUpdate();
  }

  /** Puts a word over the picture for a moment. */
  say(word: string | null): void {
    clearTimeout(this.#timer);
    this.#show(word);
    this.#timer = setTimeout(() => this.#show(null), BEZEL_MS);
  }

  /** Changes between looking around and the flat picture. */
  toggleFlat(): void {
    this.#flat = !this.#flat;
    this.#host.requestUpdate();
  }

  /** Gets what draws the 360° view. */
  async loadSphere(): Promise<void> {
    const { canDraw } = await import("./sphere/sphere.ts");
    this.#sphere = canDraw();
    this.#host.requestUpdate();
  }

  /** The browser has taken WebGL away. */
  loseSphere(): void {
    this.#sphere = false;
    this.#host.requestUpdate();
  }

  #show(word: string | null): void {
    this.#bezel = word;
    this.#host.requestUpdate();
  }
}
