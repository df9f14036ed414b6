/** Keeps the front page's list of broadcasts fresh. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { type Broadcast, isBroadcastList } from "../../protocol/broadcast.ts";
import { readPageData } from "../../store/page-data.ts";
import { getBroadcasts } from "../../transport/api.ts";
import { inOrder } from "./order.ts";

const REFRESH_MS = 15_000;

/** The broadcasts, asked for anew while the page is being looked at. */
export class BroadcastListController implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #broadcasts: Broadcast[] | null;
  #failed = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    const initial = readPageData(isBroadcastList);
    this.#broadcasts = initial === null ? null : inOrder(initial.broadcasts, Date.now());
    host.addController(this);
  }

  /** The broadcasts in order, or null until there is a first answer. */
  get broadcasts(): readonly Broadcast[] | null {
    return this.#broadcasts;
  }

  /** The last request came to nothing. */
  get failed(): boolean {
    return this.#failed;
  }

  hostConnected(): void {
    this.#timer = setInterval(() => this.#refreshIfSeen(), REFRESH_MS);
    document.addEventListener("visibilitychange", this.#refreshIfSeen);
    if (this.#broadcasts === null) {
      void this.#refresh();
    }
  }

  hostDisconnected(): void {
    clearInterval(this.#timer);
    document.removeEventListener("visibilitychange", this.#refreshIfSeen);
  }

  readonly #refreshIfSeen = (): void => {
    if (document.visibilityState === "visible") {
      void this.#refresh();
    }
  };

  async #refresh(): Promise<void> {
    try {
      const { broadcasts } = await getBroadcasts();
      this.#broadcasts = inOrder(broadcasts, Date.now());
      this.#failed = false;
    } catch {
      this.#failed = true; // What is on the page stays; the next round asks again.
    }
    this.#host.requestUpdate();
  }
}
