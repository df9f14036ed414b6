/** Renders its element again at the turn of every second, or whenever it is due. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { now } from "./now.ts";

const SECOND_MS = 1000;

/** A clock's heartbeat; all elements tick together, on the server clock's full seconds. */
export class Ticker implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #untilDueMs: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param untilDueMs tells after each time when the next is due */
  constructor(host: ReactiveControllerHost, untilDueMs = untilNextSecond) {
    this.#host = host;
    this.#untilDueMs = untilDueMs;
    host.addController(this);
  }

  hostConnected(): void {
    this.#timer = setTimeout(() => {
      this.#host.requestUpdate();
      this.hostConnected();
    }, this.#untilDueMs());
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
  }
}

function untilNextSecond(): number {
  return SECOND_MS - (now() % SECOND_MS);
}
