/** Renders its element again at the turn of every second. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { now } from "./now.ts";

const SECOND_MS = 1000;

/** A clock's heartbeat; all elements tick together, on the server clock's full seconds. */
export class Ticker implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#timer = setTimeout(
      () => {
        this.#host.requestUpdate();
        this.hostConnected();
      },
      SECOND_MS - (now() % SECOND_MS),
    );
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
  }
}
