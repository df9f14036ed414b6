/** What a player asks its engine for, from its own properties. Pure. */

import type { Target } from "./engine.ts";

/** The properties of a player that make its target. */
interface Wanted {
  slug: string;
  camera: string | null;
  rendition: string | null;
  holdMs: number | null;
}

/** The target of a player. */
export function targetOf({ slug, camera, rendition, holdMs }: Wanted): Target {
  return { slug, camera, rendition, holdable: holdMs !== null };
}

/** Whether a change of a player's properties takes another session. */
export function isSwitched(
  changed: ReadonlyMap<PropertyKey, unknown>,
  holdMs: number | null,
): boolean {
  const held = changed.get("holdMs");
  const holdable = held !== undefined && (held === null) !== (holdMs === null);
  return holdable || (["slug", "camera", "rendition"] as const).some((name) => changed.has(name));
}
