/** Renders its element again whenever a store changes. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Store } from "./store.ts";

/** Ties an element to a store for as long as the element is in the document. */
export class StoreController<State, Action> implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #store: Store<State, Action>;
  #unsubscribe: (() => void) | null = null;

  constructor(host: ReactiveControllerHost, store: Store<State, Action>) {
    this.#host = host;
    this.#store = store;
    host.addController(this);
  }

  hostConnected(): void {
    this.#unsubscribe = this.#store.subscribe(() => this.#host.requestUpdate());
  }

  hostDisconnected(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }
}
