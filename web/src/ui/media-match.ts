/** Whether a media query is true, for what a page says differently and not only shows differently. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Renders its host again whenever the answer changes. */
export class MediaMatch implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #query: MediaQueryList;

  constructor(host: ReactiveControllerHost, query: string) {
    this.#host = host;
    this.#query = matchMedia(query);
    host.addController(this);
  }

  /** It is true now. */
  get matches(): boolean {
    return this.#query.matches;
  }

  hostConnected(): void {
    this.#query.addEventListener("change", this.#onChange);
  }

  hostDisconnected(): void {
    this.#query.removeEventListener("change", this.#onChange);
  }

  readonly #onChange = (): void => this.#host.requestUpdate();
}
