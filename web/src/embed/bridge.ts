/**
 * The embedded player's side of `postMessage`.
 *
 * It listens to its parent alone, and answers to the parent's origin alone. Where the browser does not
 * tell that origin, it is the one of the parent's first message.
 */

import { type Command, type EmbedEvent, isCommand, type Told } from "./messages.ts";

/** What a bridge needs of its window; a test may offer something else. */
export interface Frame {
  /** The window around, or this one where there is none. */
  readonly parent: { postMessage(message: unknown, origin: string): void };
  readonly self: unknown;
  /** The origin of the window around, or null where the browser does not tell. */
  readonly parentOrigin: string | null;
}

/** A message as it arrives. */
export interface Incoming {
  source: unknown;
  origin: string;
  data: unknown;
}

/** See the module's header. */
export class Bridge {
  readonly #frame: Frame;
  readonly #onCommand: (command: Command) => void;
  #origin: string | null;
  // The last word of each kind, for a parent whose origin is not known yet. One each: ten at most.
  readonly #unsaid = new Map<EmbedEvent, unknown>();
  readonly #known = new Map<EmbedEvent, string>();

  constructor(frame: Frame, onCommand: (command: Command) => void) {
    this.#frame = frame;
    this.#onCommand = onCommand;
    this.#origin = frame.parentOrigin;
  }

  /** Takes a message of whatever window. */
  take(message: Incoming): void {
    const { parent, self } = this.#frame;
    if (parent === self || message.source !== parent || !isCommand(message.data)) {
      return;
    }
    this.#origin ??= message.origin;
    if (message.origin !== this.#origin) {
      return;
    }
    for (const [event, value] of this.#unsaid) {
      this.tell(event, value);
    }
    this.#unsaid.clear();
    this.#onCommand(message.data);
  }

  /** Tells the page around what is not as it was when it was last told so. */
  tellChange(event: EmbedEvent, value: unknown): void {
    const text = JSON.stringify(value);
    if (this.#known.get(event) !== text) {
      this.#known.set(event, text);
      this.tell(event, value);
    }
  }

  /** Tells the page around. */
  tell(event: EmbedEvent, value: unknown): void {
    const { parent, self } = this.#frame;
    if (parent === self) {
      return;
    }
    if (this.#origin === null) {
      this.#unsaid.set(event, value);
      return;
    }
    const told: Told = { eva: 1, event, value };
    parent.postMessage(told, this.#origin);
  }
}

/** This window as a {@link Frame}. */
export function thisFrame(): Frame {
  return { parent: window.parent, self: window, parentOrigin: parentOrigin() };
}

function parentOrigin(): string | null {
  const [nearest] = location.ancestorOrigins ?? [];
  if (nearest !== undefined && nearest !== "null") {
    return nearest;
  }
  try {
    return new URL(document.referrer).origin;
  } catch {
    return null;
  }
}
