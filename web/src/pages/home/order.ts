/** In what order broadcasts are shown. Pure. */

import type { Broadcast, BroadcastState } from "../../protocol/broadcast.ts";

/** Those on air before their time come after all that have begun. */
const EARLY = 1;
const RANK: Record<BroadcastState, number> = { live: 0, before: 2, ended: 3 };

/**
 * Live ones first, then those that are on air early, then those to come, both with the nearest
 * first, then those that are over with the latest first. Broadcasts without a start come last among
 * their kind.
 */
export function inOrder(broadcasts: readonly Broadcast[], nowMs: number): Broadcast[] {
  const rank = (one: Broadcast): number => (isEarly(one, nowMs) ? EARLY : RANK[one.state]);
  return [...broadcasts].sort(
    (one, other) => rank(one) - rank(other) || startRank(one, nowMs) - startRank(other, nowMs),
  );
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
