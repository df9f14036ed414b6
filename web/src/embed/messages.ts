/**
 * What an embedded player and the page around it say to each other with `postMessage`.
 *
 * Every message carries `eva: 1`, so that other frames' messages are told apart.
 */

import { isMissingOr, isNullOr, isOneOf, isString, shape } from "../protocol/guards.ts";

/** What the page around may ask for. */
export const COMMANDS = ["play", "pause", "mute", "unmute", "camera", "quality"] as const;

/** What the player tells. */
export type EmbedEvent = "ready" | "state" | "rating" | "viewers" | "error" | "time";

/** A request of the page around. */
export interface Command {
  eva: 1;
  command: (typeof COMMANDS)[number];
  /** A camera's id or a rung's name; null leaves the choice to the relay. */
  value?: string | null | undefined;
}

/** News of the player. */
export interface Told {
  eva: 1;
  event: EmbedEvent;
  value: unknown;
}

/** Recognises a {@link Command}. */
export const isCommand = shape<Command>({
  eva: isOneOf(1),
  command: isOneOf(...COMMANDS),
  value: isMissingOr(isNullOr(isString)),
});
