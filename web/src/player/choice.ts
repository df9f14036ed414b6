/** Which cameras are shown, and how. Pure. */

import type { Broadcast, BroadcastState, Camera } from "../protocol/broadcast.ts";
import type { Line } from "../transport/events-socket.ts";
import { LAYOUTS, type Layout } from "./wishes.ts";

/** More pictures than this help nobody, and cost a session each. */
const MAX_SMALL = 8;

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

/**
 * The rung to ask for: what has been chosen, where the camera has it, otherwise the relay's choice. The
 * rungs of a camera that sends nothing are not known.
 */
export function wantedRung(camera: Camera | null, chosen: string | null): string | null {
  const rungs = camera?.renditions ?? [];
  return rungs.length === 0 || rungs.some((one) => one.name === chosen) ? chosen : null;
}

/** A click on the camera that is on air means: follow the director again. */
export function choiceOf(broadcast: Broadcast, clicked: string): string | null {
  return clicked === broadcast.programme ? null : clicked;
}

/**
 * The camera on air, where it can be gone back to from another one; null where there is no need, or
 * nothing to see.
 */
export function wayBack(
  offered: { readonly cameras: readonly Camera[]; readonly programme: string | null } | null,
  camera: string | null,
): string | null {
  const air = offered?.cameras.find((one) => one.id === offered.programme);
  return air?.live === true && air.id !== camera ? air.id : null;
}

/**
 * What the player may believe of a camera. While no news comes, nothing is certain, and the player
 * finds out by asking the server. A camera that is tried out long before the start is nobody's yet.
 */
export function cameraKnowledge(
  camera: Camera | null,
  line: Line,
  state: BroadcastState,
): "live" | "down" | "unknown" {
  if (line === "down" && state !== "before") {
    return "unknown";
  }
  return camera?.live === true && state !== "before" ? "live" : "down";
}

/** The cameras that are shown small beside the big one, in the broadcast's order. */
export function smallCameras(
  cameras: readonly Camera[],
  big: string | null,
  layout: Layout,
): Camera[] {
  const most = layout === "single" ? 0 : layout === "grid" ? MAX_SMALL : 1;
  return cameras.filter((one) => one.live && one.id !== big).slice(0, most);
}

/** The rung that a small picture takes; null while none is known. */
export function lowestRung(camera: Camera): string | null {
  const { renditions } = camera;
  return (
    renditions.reduce<(typeof renditions)[number] | null>(
      (least, one) => (least === null || one.bitrate_bps < least.bitrate_bps ? one : least),
      null,
    )?.name ?? null
  );
}

/** The live camera so many places on from one, round and round; null where there is no other. */
export function nextCamera(
  cameras: readonly Camera[],
  from: string | null,
  by: number,
): Camera | null {
  const able = cameras.filter((one) => one.live || one.id === from);
  const here = able.findIndex((one) => one.id === from);
  const next = able[(here + by + able.length) % Math.max(1, able.length)];
  return next === undefined || next.id === from ? null : next;
}

/** The layout after another, round and round. */
export function nextLayout(layout: Layout): Layout {
  return LAYOUTS[(LAYOUTS.indexOf(layout) + 1) % LAYOUTS.length] ?? "single";
}
