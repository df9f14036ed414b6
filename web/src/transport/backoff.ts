/** How long to wait before the next try. */

const STEPS_MS = [0, 250, 500, 1000, 2000, 4000] as const;
const LAST_STEP_MS = 4000;
const JITTER = 0.3;

/**
 * The pause before the next try, milliseconds.
 *
 * The first try after a success is immediate. From then on the pause is spread by ±30 %, so that the
 * viewers of a dead edge do not come back in one wave.
 *
 * @param failures how many tries in a row have failed
 * @param luck a random number from 0 to 1
 */
export function backoffMs(failures: number, luck: number): number {
  const step = STEPS_MS[Math.max(0, failures)] ?? LAST_STEP_MS;
  return Math.round(step * (1 - JITTER + 2 * JITTER * luck));
}
