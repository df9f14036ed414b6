/** Samples a player's figures once a second while there is a picture. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { ClockSync } from "../store/clock-sync.ts";
import type { PlayerStats } from "./stats.ts";
import { measure, type Telemetry } from "./telemetry.ts";

const PERIOD_MS = 1000;

/** What is metered. */
export interface Metered extends ReactiveControllerHost {
  /** The server's clock, where it is known. */
  readonly clock: ClockSync | null;
  stats(): Promise<PlayerStats | null>;
}

/** See the module's header. */
export class Meter implements ReactiveController {
  readonly #host: Metered;
  readonly #onMeasured: (telemetry: Telemetry | null) => void;
  #former: PlayerStats | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(host: Metered, onMeasured: (telemetry: Telemetry | null) => void) {
    this.#host = host;
    this.#onMeasured = onMeasured;
    host.addController(this);
  }

  hostConnected(): void {
    this.#timer = setInterval(() => void this.#measure(), PERIOD_MS);
  }

  hostDisconnected(): void {
    clearInterval(this.#timer);
  }

  async #measure(): Promise<void> {
    const stats = await this.#host.stats().catch(() => null);
    if (stats === null || stats.framesDecoded === 0) {
      this.#former = null;
      this.#onMeasured(null);
      return;
    }
    const { clock } = this.#host;
    const telemetry = measure(this.#former, stats, (nowMs) => clock?.serverMs(nowMs) ?? null);
    this.#former = stats;
    this.#onMeasured(telemetry);
  }
}
