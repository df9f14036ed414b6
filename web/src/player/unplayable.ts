/** What keeps a browser from showing live pictures. */

import { msg } from "@lit/localize";
import { explain } from "../i18n/trouble.ts";

/** This browser lacks WebRTC altogether, or a decoder for the camera's video. */
export class UnplayableError extends Error {
  constructor(readonly lacks: "webrtc" | "video") {
    super(`this browser has no ${lacks}`);
  }
}

/** Why there is no picture, in the page's words. */
export function explainRefusal(error: Error): string {
  if (!(error instanceof UnplayableError)) {
    return explain(error);
  }
  return error.lacks === "video"
    ? msg("This browser cannot decode the camera's video.")
    : msg("This browser does not allow live pictures (WebRTC).");
}
