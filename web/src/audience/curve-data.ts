/** The rating series as a chart wants it. Pure. */

import type { RatingSeries } from "../protocol/series.ts";

/** Times in seconds and averages; a stretch without votes interrupts the line. */
export function chartData(series: RatingSeries): [number[], (number | null)[]] {
  const times: number[] = [];
  const averages: (number | null)[] = [];
  let former: number | null = null;
  for (const point of series.points) {
    const at = Date.parse(point.at) / 1000;
    // Longer than a few stretches of silence: nobody can say what viewers would have thought.
    if (former !== null && at - former > series.bucket_s * 5) {
      times.push((former + at) / 2);
      averages.push(null);
    }
    times.push(at);
    averages.push(point.average);
    former = at;
  }
  return [times, averages];
}

/** The indices of averages with nothing on either side: no line leads to them. */
export function lonely(averages: ArrayLike<number | null | undefined>): number[] {
  const is = (index: number): boolean => (averages[index] ?? null) !== null;
  return Array.from(averages, (_, at) => at).filter((at) => is(at) && !is(at - 1) && !is(at + 1));
}

/** The averages of the best loved moments alone, at their places in the chart's data. */
export function bestOf(series: RatingSeries): (number | null)[] {
  const [times, averages] = chartData(series);
  const best = new Set(series.moments.map((one) => nearest(times, one.at)));
  return averages.map((average, index) => (best.has(index) ? average : null));
}

/** The index in the chart's data of the point nearest to a moment. */
export function nearest(times: readonly number[], at: string): number {
  const seconds = Date.parse(at) / 1000;
  return times.reduce(
    (best, time, index) =>
      Math.abs(time - seconds) < Math.abs((times[best] ?? Number.POSITIVE_INFINITY) - seconds)
        ? index
        : best,
    0,
  );
}
