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
  /** When that was, as people read it. */
  lostAt: string;
  /** What the camera sends cannot be shown. */
  noPicture: boolean;
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

/** A loss that lasts longer is told by the time of day: nobody watches seconds go by for hours. */
const LONG_MS = 60_000;

/** The words for a phase; null while pictures run. */
export function slateText(facts: SlateFacts): SlateText | null {
  if (facts.noPicture && HOPEFUL.has(facts.phase) && facts.startsInMs === null) {
    return {
      headline:
        facts.cameraName === "" ? msg("No picture") : msg(str`No picture from ${facts.cameraName}`),
      clock: null,
      detail: msg("What the camera sends cannot be shown. Its operators have been told."),
    };
  }
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
      return lost(facts.lostForMs ?? 0, facts.lostAt);
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

/** Phases that would promise a picture. */
const HOPEFUL: ReadonlySet<Phase> = new Set([Phase.Idle, Phase.Connecting, Phase.Waiting]);

function lost(forMs: number, at: string): SlateText {
  const detail = msg("Reconnecting. The picture comes back by itself.");
  return forMs < LONG_MS
    ? { headline: msg("Signal lost"), clock: formatSince(forMs), detail }
    : { headline: msg(str`Offline since ${at}`), clock: null, detail };
}

function waiting(facts: SlateFacts): SlateText {
  if (facts.startsInMs !== null) {
    return {
      headline: msg("Starts in"),
      clock: formatElapsed(facts.startsInMs),
      detail: msg("The picture appears here by itself."),
    };
  }
  if (facts.lostForMs !== null) {
    return lost(facts.lostForMs, facts.lostAt);
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
