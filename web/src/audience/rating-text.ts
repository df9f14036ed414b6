/** The words around the stars. Pure. */

import { msg, str } from "@lit/localize";
import { explain } from "../i18n/trouble.ts";
import type { Rating } from "../protocol/broadcast.ts";
import type { VoteProgress } from "../store/reducer.ts";
import { formatAverage, formatCount } from "../ui/format.ts";

/** The verdict of all viewers. */
export function ratingSummary(rating: Rating, locale: string): string {
  if (rating.count === 0 || rating.average === null) {
    return msg("No votes so far! Be the first");
  }
  const average = formatAverage(rating.average, locale);
  return rating.count === 1
    ? msg(str`Average ${average} / 5, 1 vote`)
    : msg(str`Average ${average} / 5, ${formatCount(rating.count, locale)} votes`);
}

/** What this viewer's vote has come to; an empty text where there is nothing to say. */
export function voteText(rating: Rating, progress: VoteProgress): string {
  if (progress.kind === "sending") {
    return msg("Sending your vote");
  }
  if (progress.kind === "refused") {
    return msg(str`Your vote was not counted. ${explain(progress.error)}`);
  }
  if (rating.yours === null) {
    return "";
  }
  const stars = starsText(rating.yours);
  return progress.kind === "counted"
    ? msg(str`Thank you! Your vote: ${stars}.`)
    : msg(str`Your vote: ${stars}. You can change it.`);
}

/** A number of stars in words. */
export function starsText(stars: number): string {
  return stars === 1 ? msg("1 star") : msg(str`${stars} stars`);
}
