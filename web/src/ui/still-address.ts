/** Where a live still of a moment is. Pure. */

/** How often a picture is asked for anew, milliseconds. */
export const EVERY_MS = 20_000;

/** The address of the picture of a moment: the same for all viewers, so that caches have it. */
export function stillAddress(src: string, nowMs: number): string {
  return `${src}${src.includes("?") ? "&" : "?"}t=${Math.floor(nowMs / EVERY_MS)}`;
}
