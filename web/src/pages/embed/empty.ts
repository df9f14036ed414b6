/** What a frame says where it has no broadcast to show. */

import { msg } from "@lit/localize";
import type { TroubleCode } from "../../embed/trouble.ts";
import { explain } from "../../i18n/trouble.ts";
import type { BroadcastView } from "../../store/reducer.ts";

/** What the page around is told; null where all is well. */
export function troubleOf({ broadcast, closed, gone, trouble }: BroadcastView): TroubleCode | null {
  // What is on screen stays when it cannot be read again.
  const unloadable = broadcast === null && trouble !== null;
  return closed ? "closed" : gone ? "gone" : unloadable ? "unloadable" : null;
}

/** A headline and a sentence for a frame without a broadcast; empty while one is on its way. */
export function emptyWords({ closed, gone, trouble }: BroadcastView): [string, string] {
  if (closed) {
    return [
      msg("This broadcast is closed"),
      msg("It is open to those who come with an invitation."),
    ];
  }
  if (gone) {
    return [msg("No broadcast here"), msg("It has been taken away, or its address is not right.")];
  }
  return trouble === null ? ["", ""] : [msg("The broadcast cannot be loaded"), explain(trouble)];
}
