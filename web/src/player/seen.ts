/** What of a link can be seen and heard. Pure. */

import { msg } from "@lit/localize";
import type { Link } from "./link.ts";
import { Phase } from "./phase.ts";

/** A phase in words, for those who do not see the picture. */
export function spoken(phase: Phase): string {
  switch (phase) {
    case Phase.Live:
      return msg("Live picture");
    case Phase.Lost:
      return msg("Signal lost, reconnecting");
    case Phase.Offline:
      return msg("You are offline");
    case Phase.Waiting:
      return msg("Waiting for the picture");
    case Phase.Ended:
      return msg("This spacewalk has ended");
    case Phase.Failed:
      return msg("The picture cannot be shown");
    case Phase.Idle:
    case Phase.Connecting:
      return "";
  }
}

/** A picture, moving or not, is on screen. */
export function hasPicture(link: Link | undefined): boolean {
  return (link?.shown ?? null) !== null;
}

/** Counters grow four times a second; only what can be seen is worth another rendering. */
export function looksDifferent(one: Link, other: Link | undefined): boolean {
  const seen = ["phase", "lostSinceMs", "refusal"] as const;
  return hasPicture(one) !== hasPicture(other) || seen.some((name) => one[name] !== other?.[name]);
}
