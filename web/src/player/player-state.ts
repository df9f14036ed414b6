/** What a player says of itself. */

import type { Phase } from "./phase.ts";
import type { Telemetry } from "./telemetry.ts";

/** The detail of `eva-state`. */
export interface PlayerState {
  /** What the viewer sees. */
  phase: Phase;
  /** The camera whose picture is on screen, or null. */
  camera: string | null;
  /** The rung that arrives, or null while that is not known. */
  rendition: string | null;
}

declare global {
  interface HTMLElementEventMap {
    "eva-state": CustomEvent<PlayerState>;
    "eva-telemetry": CustomEvent<Telemetry | null>;
    "eva-paused": CustomEvent<boolean>;
  }
}

/** Tells a player's state by `eva-state`, each change of it once. */
export class StateTeller {
  readonly #player: EventTarget;
  #told = "";

  constructor(player: EventTarget) {
    this.#player = player;
  }

  /** The state may have changed. */
  tell(detail: PlayerState): void {
    const told = JSON.stringify(detail);
    if (told !== this.#told) {
      this.#told = told;
      const event = new CustomEvent("eva-state", { detail, bubbles: true, composed: true });
      this.#player.dispatchEvent(event);
    }
  }
}
