/**
 * The line on which a broadcast tells its news.
 *
 * It comes back by itself: at once after the first loss, then with growing, scattered pauses. A clock
 * message every ten seconds finds a line that is dead without having been closed; a handful of them at
 * the beginning find out quickly what the server's clock says.
 */

import {
  type ClockMessage,
  parseEvent,
  type ServerEvent,
  type WatchingMessage,
} from "../protocol/events.ts";
import { broadcastPath } from "./api.ts";
import { backoffMs } from "./backoff.ts";
import { socketProtocols } from "./http.ts";

/** Whether news arrives. */
export type Line = "connecting" | "open" | "down";

/** Who wants to know. */
export interface EventsListener {
  /** A message has arrived. */
  event(event: ServerEvent): void;
  /** The line has changed. */
  line(line: Line): void;
  /** The broadcast has been deleted, and the line is closed for good. */
  gone(): void;
  /** The broadcast is closed to this page, and so is the line until it is opened again. */
  closed(): void;
}

/** The codes with which the server ends a line that is not to be tried again. */
const CLOSED = 4401;
const DELETED = 4404;

const BEAT_MS = 10_000;
const FIRST_BEATS = 5;
const FIRST_BEAT_MS = 200;

/** The address of a broadcast's events, on the origin of this page. */
export function eventsUrl(slug: string, page: string): URL {
  const url = new URL(broadcastPath(slug, "/events"), page);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

/** One broadcast's events; `open` and `close` may alternate as often as wanted. */
export class EventsSocket {
  readonly #url: URL;
  readonly #listener: EventsListener;
  #socket: WebSocket | null = null;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;
  #first: ReturnType<typeof setTimeout> | undefined;
  #beats = 0;
  #unanswered = false;
  #wanted = false;

  constructor(url: URL, listener: EventsListener) {
    this.#url = url;
    this.#listener = listener;
  }

  /** Connects, and stays connected until `close`. */
  open(): void {
    if (this.#wanted) {
      return;
    }
    this.#wanted = true;
    addEventListener("online", this.#onOnline);
    this.#connect();
  }

  /** Hangs up. */
  close(): void {
    this.#wanted = false;
    removeEventListener("online", this.#onOnline);
    clearTimeout(this.#retry);
    this.#drop();
  }

  /** Says something to the server. While the line is down it is not said: it would be stale. */
  send(message: WatchingMessage | ClockMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(message));
    }
  }

  #connect(): void {
    clearTimeout(this.#retry);
    this.#listener.line("connecting");
    const socket = new WebSocket(this.#url, socketProtocols());
    this.#socket = socket;
    socket.onopen = () => this.#onOpen();
    socket.onmessage = (message) => this.#onMessage(message.data);
    socket.onclose = ({ code }) => this.#onClose(code);
  }

  #onOpen(): void {
    this.#listener.line("open");
    this.#unanswered = false;
    this.#beats = 0;
    this.#sendClock();
    this.#beat = setInterval(() => this.#onBeat(), BEAT_MS);
  }

  #onMessage(data: unknown): void {
    this.#unanswered = false;
    // A line counts as good once something has come through it: a gateway that accepts and hangs up
    // is not asked again without a pause.
    this.#failures = 0;
    const event = typeof data === "string" ? parseEvent(data) : null;
    if (event !== null) {
      this.#listener.event(event);
    }
    if (event?.type === "clock" && this.#beats < FIRST_BEATS) {
      this.#first = setTimeout(() => this.#sendClock(), FIRST_BEAT_MS);
    }
  }

  #onBeat(): void {
    if (this.#unanswered) {
      this.#onLost();
    } else {
      this.#sendClock();
    }
  }

  #sendClock(): void {
    const message: ClockMessage = { type: "clock", t0: performance.now() };
    this.#unanswered = true;
    this.#beats += 1;
    this.send(message);
  }

  #onLost(): void {
    this.#drop();
    this.#listener.line("down");
    const pause = backoffMs(this.#failures, Math.random());
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#connect(), pause);
  }

  #onClose(code: number): void {
    if (code !== CLOSED && code !== DELETED) {
      this.#onLost();
      return;
    }
    this.close();
    this.#listener.line("down");
    if (code === DELETED) {
      this.#listener.gone();
    } else {
      this.#listener.closed();
    }
  }

  readonly #onOnline = (): void => {
    if (this.#socket === null) {
      this.#failures = 0;
      this.#connect();
    }
  };

  #drop(): void {
    clearInterval(this.#beat);
    clearTimeout(this.#first);
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }
}
