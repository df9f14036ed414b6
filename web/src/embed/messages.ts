/**
 * What an embedded player and the page around it say to each other with `postMessage`.
 *
 * Every message carries `eva: 1`, so that other frames' messages are told apart.
 */

import {
  type Guard,
  isMissingOr,
  isNullOr,
  isNumber,
  isOneOf,
  isString,
  shape,
} from "../protocol/guards.ts";

/** What the page around may ask for. */
export const COMMANDS = ["play", "pause", "mute", "unmute", "volume", "camera", "quality"] as const;

/** What the player tells. */
export type EmbedEvent =
  | "ready"
  | "state"
  | "play"
  | "pause"
  | "volumechange"
  | "rating"
  | "viewers"
  | "error"
  | "time"
  | "answer";

/** A request of the page around. */
export interface Command {
  eva: 1;
  command: (typeof COMMANDS)[number];
  /** A camera's id or a rung's name, where null leaves the choice to the relay; or a volume, 0 to 1. */
  value?: string | number | null | undefined;
  /** With `play`: the number that the answer repeats. Without it there is none. */
  id?: number | undefined;
}

/** The value of `play`, `pause` and `volumechange`, and part of that of `ready`; as of a media element. */
export interface MediaState {
  paused: boolean;
  muted: boolean;
  volume: number;
}

/** The value of `answer`: what became of `play`. */
export interface Answer {
  id: number;
  /** What the media element's promise was rejected with, or null: it plays. */
  error: { name: string; message: string } | null;
}

/** News of the player. */
export interface Told {
  eva: 1;
  event: EmbedEvent;
  value: unknown;
}

const isText = isNullOr(isString);
const isValue: Guard<string | number | null> = (value): value is string | number | null =>
  isText(value) || isNumber(value);

/** Recognises a {@link Command}. */
export const isCommand = shape<Command>({
  eva: isOneOf(1),
  command: isOneOf(...COMMANDS),
  value: isMissingOr(isValue),
  id: isMissingOr(isNumber),
});
