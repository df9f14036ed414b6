/** In what order broadcasts are shown. Pure. */

import type { Broadcast, BroadcastState } from "../../protocol/broadcast.ts";

const RANK: Record<BroadcastState, number> = { live: 0, before: 1, ended: 2 };

/**
 * Live ones first, then those to come with the nearest first, then those that are over with the
 * latest first. Broadcasts without a start come last among their kind.
 */
export function inOrder(broadcasts: readonly Broadcast[]): Broadcast[] {
  return [...broadcasts].sort(
    (one, other) => RANK[one.state] - RANK[other.state] || startRank(one) - startRank(other),
  );
}

function startRank(broadcast: Broadcast): number {
  const start = broadcast.starts_at === null ? Number.NaN : Date.parse(broadcast.starts_at);
  if (Number.isNaN(start)) {
    return Number.MAX_SAFE_INTEGER;
  }
  return broadcast.state === "before" ? start : -start;
}
