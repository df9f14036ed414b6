/** What the crew is doing at a moment. Pure. */

import type { Marker } from "../../protocol/broadcast.ts";

/** The marker in effect: the last that has come; null before the first. */
export function currentMarker(markers: readonly Marker[], nowMs: number): Marker | null {
  return markers.findLast((one) => Date.parse(one.at) <= nowMs) ?? null;
}
