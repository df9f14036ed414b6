/** A vote as a page sends it. Pure. */

import type { VoteBody } from "../transport/api.ts";

/** What of a player belongs to a vote. */
export interface Watched {
  /** When the picture on screen was taken, microseconds since 1970. */
  readonly capturedUs: number | null;
  /** The WHEP session's name. */
  readonly session: string | null;
}

/**
 * The vote for what a player shows.
 *
 * Its session goes along: in a frame without cookies the heartbeats are known by nothing else, so that
 * only it can prove that the viewer has watched.
 */
export function voteBody(stars: number, player: Watched | null): VoteBody {
  const [atUs, session] = [player?.capturedUs ?? null, player?.session ?? null];
  return {
    stars,
    ...(atUs === null ? {} : { at_us: atUs }),
    ...(session === null ? {} : { session }),
  };
}
