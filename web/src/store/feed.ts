/**
 * Keeps a broadcast's view true: the events line as a rule, and the API while the line is down.
 */

import type { Broadcast } from "../protocol/broadcast.ts";
import type { ServerEvent } from "../protocol/events.ts";
import { getBroadcast, postRating } from "../transport/api.ts";
import { EventsSocket, eventsUrl } from "../transport/events-socket.ts";
import { type Action, type BroadcastView, EMPTY_VIEW, reduce } from "./reducer.ts";
import { Store } from "./store.ts";

/** How often the API is asked while no news comes by the line. */
const POLL_MS = 15_000;

/** One broadcast's news. */
export class BroadcastFeed {
  /** What is known; renders follow it. */
  readonly store: Store<BroadcastView, Action>;

  readonly #slug: string;
  readonly #socket: EventsSocket;
  #poll: ReturnType<typeof setInterval> | undefined;

  /**
   * @param slug the broadcast
   * @param initial what the page brought along, if anything
   * @param onEvent hears every event after the store has taken it in
   */
  constructor(slug: string, initial: Broadcast | null, onEvent: (event: ServerEvent) => void) {
    this.#slug = slug;
    this.store = new Store({ ...EMPTY_VIEW, broadcast: initial }, reduce);
    this.#socket = new EventsSocket(eventsUrl(slug, location.href), {
      line: (line) => this.store.dispatch({ type: "line", line }),
      event: (event) => {
        this.store.dispatch({ type: "event", event });
        onEvent(event);
      },
    });
  }

  /** Begins to listen. */
  open(): void {
    this.#socket.open();
    this.#poll = setInterval(() => this.#loadUnlessOpen(), POLL_MS);
    if (this.store.state.broadcast === null) {
      void this.#load();
    }
  }

  /** Stops listening. */
  close(): void {
    clearInterval(this.#poll);
    this.#socket.close();
  }

  /** Sends a vote; the view says what becomes of it. */
  async vote(stars: number): Promise<void> {
    this.store.dispatch({ type: "voting", stars });
    try {
      this.store.dispatch({ type: "voted", rating: await postRating(this.#slug, stars) });
    } catch (error) {
      this.store.dispatch({ type: "vote-refused", reason: reasonOf(error) });
    }
  }

  #loadUnlessOpen(): void {
    if (this.store.state.line !== "open") {
      void this.#load();
    }
  }

  async #load(): Promise<void> {
    try {
      this.store.dispatch({ type: "loaded", broadcast: await getBroadcast(this.#slug) });
    } catch (error) {
      this.store.dispatch({ type: "unloadable", reason: reasonOf(error) });
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
