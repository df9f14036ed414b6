/** The API's calls that a viewer's page makes. */

import {
  type Broadcast,
  type BroadcastList,
  isBroadcast,
  isBroadcastList,
  isRating,
  isSimilar,
  type Rating,
  type SimilarBroadcast,
} from "../protocol/broadcast.ts";
import { type Comment, type CommentPage, isComment, isCommentPage } from "../protocol/comment.ts";
import { isString, parseJson, shape } from "../protocol/guards.ts";
import { isRatingSeries, type RatingSeries } from "../protocol/series.ts";
import { enterWith, readJson, request, requestJson } from "./http.ts";

const isGrant = shape({ grant: isString });

const ROOT = "/api/v1/broadcasts";

/** The path of one broadcast in the API, or of something beneath it. */
export function broadcastPath(slug: string, below = ""): string {
  return `${ROOT}/${encodeURIComponent(slug)}${below}`;
}

/** All broadcasts. */
export async function getBroadcasts(): Promise<BroadcastList & { servedMs: number | null }> {
  const response = await request(ROOT);
  const list = await readJson(response, isBroadcastList);
  return { ...list, servedMs: servedMs(response.headers) };
}

/** When a server made a response, milliseconds since 1970; null where it, or a cache, does not tell. */
export function servedMs(headers: Headers): number | null {
  const second = Date.parse(headers.get("Date") ?? "");
  // The header leaves the fraction of its second out, which is a half on average.
  return Number.isNaN(second) || headers.has("Age") ? null : second + 500;
}

/** One broadcast. */
export function getBroadcast(slug: string): Promise<Broadcast> {
  return requestJson(broadcastPath(slug), isBroadcast);
}

/** Broadcasts that are like this one. */
export async function getSimilar(slug: string): Promise<SimilarBroadcast[]> {
  return (await requestJson(broadcastPath(slug, "/similar"), isSimilar)).broadcasts;
}

/** A vote: how many stars, for which moment, from which session. */
export interface VoteBody {
  stars: number;
  /** Capture wall clock of the picture that the viewer sees, microseconds since 1970. */
  at_us?: number;
  /** The WHEP session's name; heartbeats name it too. */
  session?: string;
}

/** Gives or changes this viewer's vote. */
export function postRating(slug: string, vote: VoteBody): Promise<Rating> {
  return requestJson(broadcastPath(slug, "/rating"), isRating, json("POST", vote));
}

/** How ratings went over time. */
export function getRatingSeries(slug: string): Promise<RatingSeries> {
  return requestJson(broadcastPath(slug, "/rating/series"), isRatingSeries);
}

/** What could be better. */
export interface FeedbackBody {
  text: string;
  /** Where the operators may answer. */
  email?: string;
}

/** Tells the operators, and nobody else, what could be better; `key` names the draft. */
export async function postFeedback(slug: string, body: FeedbackBody, key: string): Promise<void> {
  await request(broadcastPath(slug, "/feedback"), json("POST", body, key));
}

/** A page of comments. */
export function getComments(slug: string, before: string | null): Promise<CommentPage> {
  const query = new URLSearchParams({ limit: "50" });
  if (before !== null) {
    query.set("before", before);
  }
  return requestJson(broadcastPath(slug, `/comments?${query}`), isCommentPage);
}

/** What a new comment says. */
export interface CommentBody {
  text: string;
  name: string;
  reply_to?: string;
  /** The moment that it speaks of, RFC 3339. */
  moment?: string;
}

/** Writes a comment; `key` names the draft, `held` in the answer says that it waits for approval. */
export function postComment(slug: string, body: CommentBody, key: string): Promise<Comment> {
  return requestJson(broadcastPath(slug, "/comments"), isComment, json("POST", body, key));
}

/** Changes one's own comment. */
export function patchComment(slug: string, id: string, text: string): Promise<Comment> {
  return requestJson(commentPath(slug, id), isComment, json("PATCH", { text }));
}

/** Takes one's own comment back. */
export async function deleteComment(slug: string, id: string): Promise<void> {
  await request(commentPath(slug, id), { method: "DELETE" });
}

/** Tells the operators that a comment does not belong here. */
export async function reportComment(slug: string, id: string, reason: string): Promise<void> {
  await request(`${commentPath(slug, id)}/report`, json("POST", reason === "" ? {} : { reason }));
}

/** Shows the ticket to a closed broadcast; the answer is a cookie, and the same to be shown. */
export async function postAccess(slug: string, token: string): Promise<void> {
  const response = await request(broadcastPath(slug, "/access"), json("POST", { token }));
  const answer = parseJson(await response.text());
  // A gateway of an earlier version gives the cookie alone.
  if (isGrant(answer)) {
    enterWith(answer.grant);
  }
}

function commentPath(slug: string, id: string): string {
  return broadcastPath(slug, `/comments/${encodeURIComponent(id)}`);
}

function json(method: string, body: object, key?: string): RequestInit {
  return {
    method,
    headers: {
      "Content-Type": "application/json",
      ...(key === undefined ? {} : { "Idempotency-Key": key }),
    },
    body: JSON.stringify(body),
  };
}
