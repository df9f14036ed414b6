/** The comments that a page knows, and how news changes them. Pure. */

import type { Comment, CommentPage } from "../../protocol/comment.ts";

/** See the module's header. */
export interface Thread {
  readonly comments: ReadonlyMap<string, Comment>;
  /** Where the next older page begins; null after the last. */
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

/**
 * The newest page has been read again: what it covers is as it says, and what is older stays as it
 * was. A page whose oldest comment is not known may have a gap before it, and stands alone.
 */
export function withNewest(thread: Thread, page: CommentPage): Thread {
  const oldestMs = Math.min(...page.comments.map((one) => Date.parse(one.at)));
  const last = page.comments.at(-1);
  const meets = page.next !== null && last !== undefined && thread.comments.has(last.id);
  const pinned = new Set(page.pinned.map((one) => one.id));
  const kept = [...thread.comments.values()]
    .filter((one) => meets && Date.parse(one.at) < oldestMs)
    .map((one) => ({ ...one, pinned: pinned.has(one.id) }));
  const comments = new Map(kept.map((one) => [one.id, one]));
  return withPage({ comments, next: null }, meets ? { ...page, next: thread.next } : page);
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

/** One comment, and what answers it, has gone. */
export function without(thread: Thread, id: string): Thread {
  const comments = new Map(
    [...thread.comments].filter(([key, one]) => key !== id && one.reply_to !== id),
  );
  return { ...thread, comments };
}

/** The comments as they are shown: pinned ones first, then the newest; replies beneath. */
export function branches(thread: Thread): Branch[] {
  const all = [...thread.comments.values()];
  const byAge = (one: Comment, other: Comment): number => Date.parse(one.at) - Date.parse(other.at);
  return all
    .filter((one) => one.reply_to === null)
    .sort((one, other) => Number(other.pinned) - Number(one.pinned) || byAge(other, one))
    .map((root) => ({
      root,
      replies: all.filter((one) => one.reply_to === root.id).sort(byAge),
    }));
}

/** The author may still change it. */
export function isEditable(comment: Comment, nowMs: number): boolean {
  return (
    comment.yours && comment.editable_until !== null && Date.parse(comment.editable_until) > nowMs
  );
}
