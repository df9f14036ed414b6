/** The API's calls that a viewer's page makes. */

import {
  type Broadcast,
  type BroadcastList,
  isBroadcast,
  isBroadcastList,
  isRating,
  type Rating,
} from "../protocol/broadcast.ts";
import { requestJson } from "./http.ts";

const ROOT = "/api/v1/broadcasts";

/** The path of one broadcast in the API, or of something beneath it. */
export function broadcastPath(slug: string, below = ""): string {
  return `${ROOT}/${encodeURIComponent(slug)}${below}`;
}

/** All broadcasts. */
export function getBroadcasts(): Promise<BroadcastList> {
  return requestJson(ROOT, isBroadcastList);
}

/** One broadcast. */
export function getBroadcast(slug: string): Promise<Broadcast> {
  return requestJson(broadcastPath(slug), isBroadcast);
}

/** Gives or changes this viewer's vote. */
export function postRating(slug: string, stars: number): Promise<Rating> {
  return requestJson(broadcastPath(slug, "/rating"), isRating, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ stars }),
  });
}
