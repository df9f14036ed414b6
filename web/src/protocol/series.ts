/** Ratings over time. */

import { type Guard, isArrayOf, isCount, isNumber, isString, shape } from "./guards.ts";

/** What viewers thought of one stretch of the broadcast. */
export interface RatingPoint {
  /** The stretch's beginning, RFC 3339. */
  at: string;
  /** Votes for this stretch. */
  count: number;
  /** 1 to 5. */
  average: number;
}

/** The answer of `GET …/rating/series`. */
export interface RatingSeries {
  /** How long a stretch is, seconds. */
  bucket_s: number;
  points: RatingPoint[];
  /** The stretches that were loved best. */
  moments: RatingPoint[];
}

const isPoint = shape<RatingPoint>({ at: isString, count: isCount, average: isNumber });

/** Recognises a {@link RatingSeries}. */
export const isRatingSeries: Guard<RatingSeries> = shape<RatingSeries>({
  bucket_s: isNumber,
  points: isArrayOf(isPoint),
  moments: isArrayOf(isPoint),
});
