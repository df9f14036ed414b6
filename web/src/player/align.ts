/**
 * Brings several cameras onto one moment: the slowest leads, the others wait for it. Pure.
 *
 * What can be set is how long a receiver keeps frames in its jitter buffer. Each round measures what
 * came of the last, so that the browser's own idea of its buffer does not matter.
 */

/** One camera's figures. */
export interface Measured {
  /** The camera. */
  id: string;
  /** From shutter to screen, milliseconds. */
  latencyMs: number;
  /** How long its frames stand in the jitter buffer, milliseconds. */
  bufferMs: number;
}

/** Who leads, and how long each camera is to be held; null means: no longer than needed. */
export interface Alignment {
  readonly leader: string | null;
  readonly holds: ReadonlyMap<string, number | null>;
}

/** Nobody waits for anybody. */
export const UNALIGNED: Alignment = { leader: null, holds: new Map() };

/** Two pictures closer than this look as one moment. */
const CLOSE_MS = 20;

/** A camera takes the lead only if it is later than the leader by this, or the two would take turns. */
const LEAD_MS = 80;

/** A receiver this close to what it was told does what it can, and the rest is to be added to that. */
const SETTLED_MS = 60;

/** Nobody is held longer than this; browsers allow four seconds. */
const MAX_HOLD_MS = 3000;

/** The alignment after one more round of measuring. */
export function align(former: Alignment, measured: readonly Measured[]): Alignment {
  if (measured.length < 2) {
    return UNALIGNED;
  }
  const leader = chooseLeader(former.leader, measured);
  const holds = measured.map((one): [string, number | null] => {
    if (one.id === leader.id) {
      return [one.id, null];
    }
    const late = leader.latencyMs - one.latencyMs;
    const present = former.holds.get(one.id) ?? null;
    if (Math.abs(late) < CLOSE_MS) {
      return [one.id, present];
    }
    // What is told includes decoding and drawing, what is measured does not; and a receiver takes
    // some seconds to follow, during which adding up would lead far beyond the aim.
    const settled = present !== null && Math.abs(present - one.bufferMs) < SETTLED_MS;
    const from = settled ? present : one.bufferMs;
    const hold = Math.round(Math.min(MAX_HOLD_MS, Math.max(0, from + late)));
    return [one.id, hold];
  });
  return { leader: leader.id, holds: new Map(holds) };
}

function chooseLeader(former: string | null, measured: readonly Measured[]): Measured {
  const slowest = measured.reduce((one, other) => (other.latencyMs > one.latencyMs ? other : one));
  const present = measured.find((one) => one.id === former);
  return present !== undefined && slowest.latencyMs < present.latencyMs + LEAD_MS
    ? present
    : slowest;
}
