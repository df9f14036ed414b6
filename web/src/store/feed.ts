/**
 * Keeps a broadcast's view true: the events line as a rule, and the API while the line is down.
 */

import type { Broadcast } from "../protocol/broadcast.ts";
import type { ServerEvent, WatchingMessage } from "../protocol/events.ts";
import { getBroadcast, postAccess, postRating, type VoteBody } from "../transport/api.ts";
import { backoffMs } from "../transport/backoff.ts";
import { HttpError, isPassing } from "../transport/errors.ts";
import { EventsSocket, eventsUrl } from "../transport/events-socket.ts";
import type { Ticket } from "./access.ts";
import { ClockSync } from "./clock-sync.ts";
import { type Action, type BroadcastView, EMPTY_VIEW, reduce } from "./reducer.ts";
import { Store } from "./store.ts";

/** How often the API is asked while no news comes by the line. */
const POLL_MS = 15_000;

const UNAUTHORIZED = 401;
const NOT_FOUND = 404;

/** One broadcast's news. */
export class BroadcastFeed {
  /** What is known; renders follow it. */
  readonly store: Store<BroadcastView, Action>;
  /** What the server's clock says. */
  readonly clock = new ClockSync();

  readonly #slug: string;
  readonly #socket: EventsSocket;
  #poll: ReturnType<typeof setInterval> | undefined;
  #knock: ReturnType<typeof setTimeout> | undefined;
  #wanted = false;
  #voting = false;
  #nextVote: VoteBody | null = null;

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
      gone: () => this.#end(),
      closed: () => this.#shut(),
      event: (event) => {
        if (event.type === "clock") {
          this.clock.take(event.t0, event.server_us, performance.now());
        }
        this.store.dispatch({ type: "event", event });
        onEvent(event);
      },
    });
  }

  /**
   * Begins to listen.
   *
   * @param ticket to a closed broadcast, to be shown first
   */
  open(ticket: Ticket | null = null): void {
    this.#wanted = true;
    if (ticket !== null) {
      void this.#enter(ticket, 0);
      return;
    }
    this.#poll = setInterval(() => this.#loadUnlessOpen(), POLL_MS);
    if (this.store.state.broadcast === null) {
      // A page without a broadcast is a closed one's or a mistake; the line waits for the answer.
      void this.#load();
    } else {
      this.#socket.open();
    }
  }

  /** Stops listening. */
  close(): void {
    this.#wanted = false;
    clearInterval(this.#poll);
    clearTimeout(this.#knock);
    this.#socket.close();
  }

  /** There is no such broadcast, and asking again would not make one. */
  #end(): void {
    this.close();
    this.store.dispatch({ type: "gone" });
  }

  /** The broadcast is closed to this viewer; the API is asked on, as it may be opened again. */
  #shut(): void {
    this.#socket.close();
    this.store.dispatch({ type: "line", line: "down" });
    this.store.dispatch({ type: "closed" });
  }

  /** Tells the server what is being watched; while the line is down it is not told. */
  watching(message: WatchingMessage): void {
    this.#socket.send(message);
  }

  /**
   * Sends a vote; the view says what becomes of it.
   *
   * The server counts votes that are under way together in any order: a vote waits for the one before
   * it, and takes the place of one that waits.
   */
  async vote(vote: VoteBody): Promise<void> {
    if (this.#voting) {
      this.#nextVote = vote;
      this.store.dispatch({ type: "voting", stars: vote.stars });
      return;
    }
    this.#voting = true;
    for (let next: VoteBody | null = vote; next !== null; next = this.#nextVote) {
      this.#nextVote = null;
      await this.#castVote(next);
    }
    this.#voting = false;
  }

  async #castVote(vote: VoteBody): Promise<void> {
    this.store.dispatch({ type: "voting", stars: vote.stars });
    try {
      this.store.dispatch({ type: "voted", rating: await postRating(this.#slug, vote) });
    } catch (error) {
      this.store.dispatch({ type: "vote-refused", error: asError(error) });
    }
  }

  /** Shows the ticket until somebody has looked at it. */
  async #enter(ticket: Ticket, failures: number): Promise<void> {
    try {
      await postAccess(this.#slug, ticket.token);
    } catch (error) {
      if (isPassing(error)) {
        this.store.dispatch({ type: "unloadable", error: asError(error) });
        if (this.#wanted) {
          const askedMs = (error instanceof HttpError ? error.retryAfterMs : null) ?? 0;
          const pause = Math.max(askedMs, backoffMs(failures + 1, Math.random()));
          this.#knock = setTimeout(() => void this.#enter(ticket, failures + 1), pause);
        }
        return;
      }
      // A ticket that is not valid: the broadcast itself says whether one is needed.
    }
    ticket.spend();
    if (this.#wanted) {
      this.open();
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
      if (this.#wanted) {
        this.#socket.open();
      }
    } catch (error) {
      const status = error instanceof HttpError ? error.status : null;
      if (status === NOT_FOUND) {
        this.#end();
      } else if (status === UNAUTHORIZED) {
        this.#shut();
      } else {
        this.store.dispatch({ type: "unloadable", error: asError(error) });
      }
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
