/**
 * What the server's clock says at a moment of ours. Pure.
 *
 * Each question and its answer bound the offset by their round trip; the quickest of the last few is
 * believed. Two clocks drift apart by some ten parts in a million, so old answers are let go.
 */

const KEPT = 12;

interface Sample {
  roundTripMs: number;
  /** Server's milliseconds since 1970, less our `performance.now()` at the same moment. */
  offsetMs: number;
}

/** See the module's header. Keeps the last 12 answers; older ones are dropped. */
export class ClockSync {
  #samples: Sample[] = [];

  /**
   * Takes an answer.
   *
   * @param t0 `performance.now()` when we asked
   * @param serverUs the server's wall clock, microseconds since 1970
   * @param t1 `performance.now()` when the answer came
   */
  take(t0: number, serverUs: number, t1: number): void {
    const roundTripMs = t1 - t0;
    if (roundTripMs < 0) {
      return; // Not an answer to a question of this page's life.
    }
    const offsetMs = serverUs / 1000 - (t0 + t1) / 2;
    this.#samples = [...this.#samples, { roundTripMs, offsetMs }].slice(-KEPT);
  }

  /** The server's milliseconds since 1970 at a moment of `performance.now()`; null before any answer. */
  serverMs(nowMs: number): number | null {
    const best = this.#best();
    return best === null ? null : nowMs + best.offsetMs;
  }

  /** How far off {@link serverMs} may be, milliseconds; null before any answer. */
  get uncertaintyMs(): number | null {
    const best = this.#best();
    return best === null ? null : best.roundTripMs / 2;
  }

  #best(): Sample | null {
    return this.#samples.reduce<Sample | null>(
      (best, one) => (best === null || one.roundTripMs < best.roundTripMs ? one : best),
      null,
    );
  }
}
