/** Keeps the front page's list of broadcasts fresh. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { type Broadcast, isBroadcastList } from "../../protocol/broadcast.ts";
import { ClockSync } from "../../store/clock-sync.ts";
import { readPageData } from "../../store/page-data.ts";
import { getBroadcasts } from "../../transport/api.ts";
import { now, tellTimeBy } from "../../ui/now.ts";
import { inOrder } from "./order.ts";

const REFRESH_MS = 15_000;

/** The broadcasts, asked for anew while the page is being looked at. */
export class BroadcastListController implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #broadcasts: Broadcast[] | null;
  #failed = false;
  readonly #clock = new ClockSync();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    const initial = readPageData(isBroadcastList);
    this.#broadcasts = initial === null ? null : inOrder(initial.broadcasts, now());
    host.addController(this);
    tellTimeBy(() => this.#clock.serverMs(performance.now()));
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
    // The page brought its list along, but does not know what time it is.
    void this.#refresh();
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
      const askedMs = performance.now();
      const { broadcasts, servedMs } = await getBroadcasts();
      if (servedMs !== null) {
        this.#clock.take(askedMs, servedMs * 1000, performance.now());
      }
      this.#broadcasts = inOrder(broadcasts, now());
      this.#failed = false;
    } catch {
      this.#failed = true; // What is on the page stays; the next round asks again.
    }
    this.#host.requestUpdate();
  }
}
