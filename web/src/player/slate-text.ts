/** What a player says while it has no moving picture. Pure. */

import { formatElapsed, formatSince } from "../ui/format.ts";
import { Phase } from "./phase.ts";

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
  refusal: string | null;
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
      return { headline: "Connecting", clock: null, detail: "The picture is on its way." };
    case Phase.Waiting:
      return waiting(facts);
    case Phase.Lost:
      return {
        headline: "Signal lost",
        clock: formatSince(facts.lostForMs ?? 0),
        detail: "Reconnecting. The picture comes back by itself.",
      };
    case Phase.Offline:
      return {
        headline: "You are offline",
        clock: facts.lostForMs === null ? null : formatSince(facts.lostForMs),
        detail: "The picture comes back with your connection.",
      };
    case Phase.Ended:
      return {
        headline: "This spacewalk has ended",
        clock: null,
        detail: "Thank you for watching.",
      };
    case Phase.Failed:
      return {
        headline: "The picture cannot be shown",
        clock: null,
        detail: facts.refusal ?? "The server refused the connection.",
      };
  }
}

function waiting(facts: SlateFacts): SlateText {
  if (facts.startsInMs !== null) {
    return {
      headline: "Starts in",
      clock: formatElapsed(facts.startsInMs),
      detail: "The picture appears here by itself.",
    };
  }
  const from = facts.cameraName === "" ? "" : ` from ${facts.cameraName}`;
  return {
    headline: `No picture${from} yet`,
    clock: null,
    detail: "It appears here as soon as the camera sends.",
  };
}
