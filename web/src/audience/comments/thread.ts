/** The comments that a page knows, and how news changes them. Pure. */

import type { Comment, CommentPage } from "../../protocol/comment.ts";
import type { CommentEvent, CommentRemovedEvent } from "../../protocol/events.ts";

/** What the server tells of comments. */
export type CommentNews = CommentEvent | CommentRemovedEvent;

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** See the module's header. */
export interface Thread {
  readonly comments: ReadonlyMap<string, Comment>;
  /** Where the next older page begins, microseconds since 1970; null after the last. */
  readonly next: string | null;
}

/** A comment with its replies. */
export interface Branch {
  root: Comment;
  /** The oldest first, as one reads an answer. */
  replies: Comment[];
}

/** Nothing is known yet. */
export const EMPTY_THREAD: Thread = { comments: new Map(), next: null };

/** A page has been read. */
export function withPage(thread: Thread, page: CommentPage): Thread {
  const comments = new Map(thread.comments);
  for (const one of [
    ...page.comments,
    ...page.pinned,
    ...(page.roots ?? []),
    ...(page.yours ?? []),
  ]) {
    comments.set(one.id, one);
  }
  return { comments, next: page.next };
}

/** As far back as one thread goes, the other has been read. */
export function covers(thread: Thread, other: Thread): boolean {
  return thread.next === null || (other.next !== null && micros(thread) <= micros(other));
}

/**
 * The newest pages have been read again: what they cover is as they say. Of what is older, only that
 * stays which somebody is at; the rest is read again by whoever wants it.
 *
 * @param busy the ids of what somebody is at
 */
export function renewed(thread: Thread, fresh: Thread, busy: ReadonlySet<string>): Thread {
  const kept = [...thread.comments.values()]
    .filter((one) => busy.has(one.id) && Date.parse(one.at) * 1000 < micros(fresh))
    .map((one) => ({ ...one, pinned: false })); // all that are pinned are fresh
  const comments = new Map(kept.map((one) => [one.id, one]));
  return { comments: new Map([...comments, ...fresh.comments]), next: fresh.next };
}

/**
 * One comment is new or has changed. What is told to everybody says `yours: false` also to its author,
 * so what is known of that stays.
 */
export function withComment(thread: Thread, comment: Comment): Thread {
  const known = thread.comments.get(comment.id);
  const mine = known?.yours === true && !comment.yours;
  const merged = mine ? { ...comment, yours: true, editable_until: known.editable_until } : comment;
  return { ...thread, comments: new Map(thread.comments).set(comment.id, merged) };
}

/**
 * No more than so many are known: the oldest go, and `next` leads to them. What is pinned, waits for
 * approval, is answered by what is known, or has somebody at it stays.
 *
 * @param busy the ids of what somebody is at
 */
export function bounded(thread: Thread, most: number, busy: ReadonlySet<string>): Thread {
  const all = [...thread.comments.values()];
  const answered = new Set(all.map((one) => one.reply_to));
  const gone = all
    .filter((one) => !(one.pinned || one.held === true || answered.has(one.id) || busy.has(one.id)))
    .sort(byAge)
    .slice(0, Math.max(0, all.length - most));
  const last = gone.at(-1);
  if (last === undefined) {
    return thread;
  }
  const comments = new Map(thread.comments);
  for (const { id } of gone) {
    comments.delete(id);
  }
  // Dates here have milliseconds: what is of the last one's is read again.
  const next = (Date.parse(last.at) + 1) * 1000;
  return { comments, next: String(Math.max(next, micros(thread))) };
}

/** The server has told something. */
export function withNews(thread: Thread, news: CommentNews): Thread {
  return news.type === "comment" ? withComment(thread, news.comment) : without(thread, news.id);
}

/** One comment, and what answers it, has gone. */
export function without(thread: Thread, id: string): Thread {
  const comments = new Map(
    [...thread.comments].filter(([key, one]) => key !== id && one.reply_to !== id),
  );
  return { ...thread, comments };
}

/** The comments as they are shown: pinned ones first, then the newest; replies beneath. */
export function branches(thread: Thread): Branch[] {
  const replies = new Map<string | null, Comment[]>();
  for (const one of [...thread.comments.values()].sort(byAge)) {
    const beside = replies.get(one.reply_to);
    if (beside === undefined) {
      replies.set(one.reply_to, [one]);
    } else {
      beside.push(one);
    }
  }
  const roots = (replies.get(null) ?? []).reverse();
  return roots
    .sort((one, other) => Number(other.pinned) - Number(one.pinned))
    .map((root) => ({ root, replies: replies.get(root.id) ?? [] }));
}

/** Where comments have to be brief: the first threads, and those that somebody is at. */
export function brief(all: readonly Branch[], most: number, busy: ReadonlySet<string>): Branch[] {
  return all.filter(
    ({ root, replies }, place) =>
      place < most || busy.has(root.id) || replies.some(({ id }) => busy.has(id)),
  );
}

function byAge(one: Comment, other: Comment): number {
  return Date.parse(one.at) - Date.parse(other.at);
}

/** What lies before it is not known, microseconds since 1970. */
function micros({ next }: Thread): number {
  return next === null ? Number.NEGATIVE_INFINITY : Number(next);
}

/**
 * After so many milliseconds a comment has to be written anew: for the seconds of a young one's age,
 * the minutes of another's, or the end of its author's time to change it.
 */
export function untilChangeMs(comment: Comment | null, nowMs: number): number {
  const ageMs = comment === null ? 0 : nowMs - Date.parse(comment.at) + SECOND_MS / 2; // rounded
  const stepMs = ageMs < MINUTE_MS ? SECOND_MS : MINUTE_MS;
  const editableMs =
    comment !== null && isEditable(comment, nowMs)
      ? Date.parse(comment.editable_until ?? "") - nowMs
      : MINUTE_MS;
  // A tick comes no sooner than what it is for.
  return Math.min(stepMs - (ageMs % stepMs), editableMs) + 1;
}

/** The author may still change it. */
export function isEditable(comment: Comment, nowMs: number): boolean {
  return (
    comment.yours && comment.editable_until !== null && Date.parse(comment.editable_until) > nowMs
  );
}
