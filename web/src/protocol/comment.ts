/** What the API says about comments. */

import {
  type Guard,
  isArrayOf,
  isBoolean,
  isMissingOr,
  isNullOr,
  isString,
  shape,
} from "./guards.ts";

/** One comment, or a reply to one. */
export interface Comment {
  id: string;
  /** What its author calls themselves. */
  name: string;
  text: string;
  /** When it was written, RFC 3339. */
  at: string;
  /** The moment of the broadcast that it speaks of, or null. */
  moment: string | null;
  /** The comment that it answers, or null. */
  reply_to: string | null;
  pinned: boolean;
  /** Those who run the broadcast wrote it. */
  desk?: boolean | undefined;
  edited: boolean;
  /** This viewer wrote it. */
  yours: boolean;
  /** Until when its author may change it, or null. */
  editable_until: string | null;
  /** It waits for approval. */
  held?: boolean | undefined;
}

/** A page of comments, the newest first; roots and replies lie side by side. */
export interface CommentPage {
  comments: Comment[];
  /** Where the next page begins, or null after the last. */
  next: string | null;
  pinned: Comment[];
  /** The roots, older than the page, of replies that stand on it. */
  roots?: Comment[] | undefined;
  /** With the newest page: this viewer's own that wait for approval. */
  yours?: Comment[] | undefined;
}

/** Recognises a {@link Comment}. */
export const isComment: Guard<Comment> = shape<Comment>({
  id: isString,
  name: isString,
  text: isString,
  at: isString,
  moment: isNullOr(isString),
  reply_to: isNullOr(isString),
  pinned: isBoolean,
  desk: isMissingOr(isBoolean),
  edited: isBoolean,
  yours: isBoolean,
  editable_until: isNullOr(isString),
  held: isMissingOr(isBoolean),
});

/** Recognises a {@link CommentPage}. */
export const isCommentPage: Guard<CommentPage> = shape<CommentPage>({
  comments: isArrayOf(isComment),
  next: isNullOr(isString),
  pinned: isArrayOf(isComment),
  roots: isMissingOr(isArrayOf(isComment)),
  yours: isMissingOr(isArrayOf(isComment)),
});
