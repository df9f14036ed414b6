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
