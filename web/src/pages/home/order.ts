/** In what order broadcasts are shown. Pure. */

import type { Broadcast, BroadcastState } from "../../protocol/broadcast.ts";

/** Those on air before their time come after all that have begun and send. */
const EARLY = 1;
const SILENT = 2;
const RANK: Record<BroadcastState, number> = { live: 0, before: 3, ended: 4 };

/**
 * Live ones that send first, then those that are on air early, then those that are live without a
 * camera, then those to come, then those that are over. Early ones and those to come stand with the
 * nearest first, all others with the latest first; those without a start come last among their kind.
 */
export function inOrder(broadcasts: readonly Broadcast[], nowMs: number): Broadcast[] {
  const rank = (one: Broadcast): number => {
    if (isSilent(one)) {
      return SILENT;
    }
    return isEarly(one, nowMs) ? EARLY : RANK[one.state];
  };
  return [...broadcasts].sort(
    (one, other) => rank(one) - rank(other) || startRank(one, nowMs) - startRank(other, nowMs),
  );
}

/** It is live, and none of its cameras sends. */
export function isSilent({ state, programme }: Broadcast): boolean {
  return state === "live" && programme === null;
}

function isEarly({ state, starts_at: start }: Broadcast, nowMs: number): boolean {
  return state === "live" && start !== null && Date.parse(start) > nowMs;
}

function startRank(broadcast: Broadcast, nowMs: number): number {
  const start = broadcast.starts_at === null ? Number.NaN : Date.parse(broadcast.starts_at);
  if (Number.isNaN(start)) {
    return Number.MAX_SAFE_INTEGER;
  }
  return broadcast.state === "before" || isEarly(broadcast, nowMs) ? start : -start;
}
