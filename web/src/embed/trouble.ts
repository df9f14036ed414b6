/** What the page around is told with the event `error`. Pure. */

import { wantedCamera, wantedRung } from "../player/choice.ts";
import type { Broadcast } from "../protocol/broadcast.ts";

/** What programs go by. `not-allowed` and `silent` are told by the server's page and the element. */
export type TroubleCode =
  | "closed"
  | "gone"
  | "unloadable"
  | "refused"
  | "unknown-camera"
  | "unknown-quality";

/** The value of the event. */
export interface Trouble {
  code: TroubleCode;
  /** The same in English, for those who write the page around. */
  message: string;
}

const MESSAGES: Readonly<Record<TroubleCode, string>> = {
  closed: "The broadcast is closed, and there is no valid token.",
  gone: "There is no such broadcast, or it has been deleted.",
  unloadable: "The broadcast cannot be loaded; the player goes on trying.",
  refused: "The server refuses the picture, or the browser cannot show it.",
  "unknown-camera": "The broadcast has no such camera; the programme is shown.",
  "unknown-quality": "The camera has no such quality; the relay chooses.",
};

/** The value for a code; `asked` is what was asked for, in whatever words. */
export function trouble(code: TroubleCode, asked?: string): Trouble {
  const message = MESSAGES[code];
  return { code, message: asked === undefined ? message : `${JSON.stringify(asked)}: ${message}` };
}

/** The camera or quality that has been asked for and that is not there, by code; null: it is. */
export function wrongWishes(
  broadcast: Broadcast,
  camera: string | null,
  quality: string | null,
): ReadonlyMap<TroubleCode, string | null> {
  const isThere = camera === null || broadcast.cameras.some(({ id }) => id === camera);
  const rung = wantedRung(wantedCamera(broadcast, camera), quality);
  return new Map([
    ["unknown-camera", isThere ? null : camera],
    ["unknown-quality", rung === quality ? null : quality],
  ]);
}
