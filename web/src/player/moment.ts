/** When the picture on screen was taken, also while it rests. */

import type { ClockSync } from "../store/clock-sync.ts";
import type { Link } from "./link.ts";
import { Phase } from "./phase.ts";
import { captureUs, type Telemetry } from "./telemetry.ts";

/** What of a player tells the moment. */
export interface Showing {
  readonly phase: Phase;
  readonly paused: boolean;
  readonly health: Telemetry | null;
  /** The server's clock, where it is known. */
  readonly clock: ClockSync | null;
}

/**
 * See the module's header.
 *
 * A session goes on while its picture rests, and so do its figures: the moment is noted when the picture
 * stops. It is unknown where pictures have stopped by themselves, and where a resting one has given way
 * to another session's, of which browsers show the first picture or none.
 */
export class ShownMoment {
  readonly #player: Showing;
  #restingUs: number | null = null;
  #session: number | null = null;

  constructor(player: Showing) {
    this.#player = player;
  }

  /** Microseconds since 1970; null where nobody can tell. */
  get us(): number | null {
    return this.#player.paused ? this.#restingUs : this.#flowingUs();
  }

  /** The picture has been stopped or goes on. */
  turned(): void {
    this.#restingUs = this.#player.paused ? this.#flowingUs() : null;
  }

  /** Takes note of the session whose picture is on screen. */
  follow({ shown }: Link): void {
    const session = shown?.id ?? null;
    if (session !== this.#session) {
      this.#session = session;
      this.#restingUs = null;
    }
  }

  #flowingUs(): number | null {
    const { phase, health, clock } = this.#player;
    const serverMs = clock?.serverMs(performance.now()) ?? null;
    if (phase !== Phase.Live || serverMs === null) {
      return null;
    }
    // Nothing has been measured in the first second; the latency is a small part of that.
    return captureUs(health, serverMs) ?? Math.round(serverMs * 1000);
  }
}
