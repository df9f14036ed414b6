/** Which camera a page shows. Pure. */

import type { Broadcast, Camera } from "../../protocol/broadcast.ts";
import type { Line } from "../../transport/events-socket.ts";

/**
 * The camera to ask for: the viewer's own choice, otherwise the director's, otherwise the first that
 * is live.
 *
 * @param chosen the viewer's choice, or null to follow the programme
 */
export function wantedCamera(broadcast: Broadcast, chosen: string | null): Camera | null {
  const { cameras, programme } = broadcast;
  const byId = (id: string | null): Camera | undefined => cameras.find((one) => one.id === id);
  return byId(chosen) ?? byId(programme) ?? cameras.find((one) => one.live) ?? cameras[0] ?? null;
}

/** A click on the camera that is on air means: follow the director again. */
export function choiceOf(broadcast: Broadcast, clicked: string): string | null {
  return clicked === broadcast.programme ? null : clicked;
}

/**
 * What the player may believe of a camera. While no news comes, nothing is certain, and the player
 * finds out by asking the server.
 */
export function cameraKnowledge(camera: Camera | null, line: Line): "live" | "down" | "unknown" {
  if (line === "down") {
    return "unknown";
  }
  return camera?.live === true ? "live" : "down";
}
