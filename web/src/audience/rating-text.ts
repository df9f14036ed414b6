/** The words around the stars. Pure. */

import type { Rating } from "../protocol/broadcast.ts";
import type { VoteProgress } from "../store/reducer.ts";
import { formatAverage, formatCount } from "../ui/format.ts";

/** The verdict of all viewers. */
export function ratingSummary(rating: Rating, locale: string): string {
  if (rating.count === 0 || rating.average === null) {
    return "No votes so far! Be the first";
  }
  const average = formatAverage(rating.average, locale);
  return `Average ${average} / 5, vote count ${formatCount(rating.count, locale)}`;
}

/** What this viewer's vote has come to; an empty text where there is nothing to say. */
export function voteText(rating: Rating, progress: VoteProgress): string {
  if (progress.kind === "sending") {
    return "Sending your vote";
  }
  if (progress.kind === "refused") {
    return `Your vote was not counted. ${progress.reason}`;
  }
  if (rating.yours === null) {
    return "";
  }
  const yours = `Your vote: ${starsText(rating.yours)}.`;
  return progress.kind === "counted" ? `Thank you! ${yours}` : `${yours} You can change it.`;
}

/** A number of stars in words. */
export function starsText(stars: number): string {
  return stars === 1 ? "1 star" : `${stars} stars`;
}
