/** What a player says while it has no moving picture. Pure. */

import { msg, str } from "@lit/localize";
import { formatElapsed, formatSince } from "../ui/format.ts";
import { Phase } from "./phase.ts";
import { explainRefusal } from "./unplayable.ts";

/** What is known when a slate is written. */
export interface SlateFacts {
  phase: Phase;
  /** The camera's name, or an empty text. */
  cameraName: string;
  /** Until the broadcast's start, milliseconds; null where none is set or it is past. */
  startsInMs: number | null;
  /** Since the last packet, milliseconds; null where none came yet. */
  lostForMs: number | null;
  /** The server's reason for refusing. */
  refusal: Error | null;
}

/** A slate's words. */
export interface SlateText {
  /** What is the matter. */
  headline: string;
  /** A running clock, where one helps. */
  clock: string | null;
  /** What happens next, or what can be done. */
  detail: string;
}

/** The words for a phase; null while pictures run. */
export function slateText(facts: SlateFacts): SlateText | null {
  switch (facts.phase) {
    case Phase.Live:
      return null;
    case Phase.Idle:
    case Phase.Connecting:
      return {
        headline: msg("Connecting"),
        clock: null,
        detail: msg("The picture is on its way."),
      };
    case Phase.Waiting:
      return waiting(facts);
    case Phase.Lost:
      return {
        headline: msg("Signal lost"),
        clock: formatSince(facts.lostForMs ?? 0),
        detail: msg("Reconnecting. The picture comes back by itself."),
      };
    case Phase.Offline:
      return {
        headline: msg("You are offline"),
        clock: facts.lostForMs === null ? null : formatSince(facts.lostForMs),
        detail: msg("The picture comes back with your connection."),
      };
    case Phase.Ended:
      return {
        headline: msg("This spacewalk has ended"),
        clock: null,
        detail: msg("Thank you for watching."),
      };
    case Phase.Failed:
      return {
        headline: msg("The picture cannot be shown"),
        clock: null,
        detail:
          facts.refusal === null
            ? msg("The server refused the connection.")
            : explainRefusal(facts.refusal),
      };
  }
}

function waiting(facts: SlateFacts): SlateText {
  if (facts.startsInMs !== null) {
    return {
      headline: msg("Starts in"),
      clock: formatElapsed(facts.startsInMs),
      detail: msg("The picture appears here by itself."),
    };
  }
  return {
    headline:
      facts.cameraName === ""
        ? msg("No picture yet")
        : msg(str`No picture from ${facts.cameraName} yet`),
    clock: null,
    detail: msg("It appears here as soon as the camera sends."),
  };
}
