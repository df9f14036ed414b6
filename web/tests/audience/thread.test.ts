import { describe, expect, it } from "vitest";
import {
  branches,
  EMPTY_THREAD,
  isEditable,
  withComment,
  withNewest,
  without,
  withPage,
} from "../../src/audience/comments/thread.ts";
import type { Comment } from "../../src/protocol/comment.ts";

function comment(id: string, minute: number, patch: Partial<Comment> = {}): Comment {
  return {
    id,
    name: "A",
    text: id,
    at: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
    moment: null,
    reply_to: null,
    pinned: false,
    edited: false,
    yours: false,
    editable_until: null,
    ...patch,
  };
}

const page = {
  comments: [comment("b", 2), comment("a", 1), comment("r1", 3, { reply_to: "a" })],
  next: "cursor",
  pinned: [comment("p", 0, { pinned: true })],
};

const shape = (thread: typeof EMPTY_THREAD) =>
  branches(thread).map(({ root, replies }) => [root.id, ...replies.map((one) => one.id)]);

describe("a thread", () => {
  it("has pinned comments first, then the newest, with replies in order of reading", () => {
    let thread = withPage(EMPTY_THREAD, page);
    expect(thread.next).toBe("cursor");
    expect(shape(thread)).toEqual([["p"], ["b"], ["a", "r1"]]);
    thread = withComment(thread, comment("c", 9));
    thread = withComment(thread, comment("r2", 10, { reply_to: "a" }));
    expect(shape(thread)).toEqual([["p"], ["c"], ["b"], ["a", "r1", "r2"]]);
  });

  it("takes changes in place, and replies away with what they answer", () => {
    let thread = withPage(EMPTY_THREAD, page);
    thread = withComment(thread, comment("b", 2, { text: "other", edited: true }));
    expect(thread.comments.get("b")?.text).toBe("other");
    expect(shape(without(thread, "a"))).toEqual([["p"], ["b"]]);
  });

  it("remembers whose comment it is when everybody is told of it", () => {
    const until = "2026-01-01T00:07:00Z";
    let thread = withComment(EMPTY_THREAD, comment("m", 2, { yours: true, editable_until: until }));
    thread = withComment(thread, comment("m", 2, { text: "edited" }));
    expect(thread.comments.get("m")).toMatchObject({
      text: "edited",
      yours: true,
      editable_until: until,
    });
  });

  it("is the same whether the answer or the news comes first", () => {
    const mine = comment("m", 2, { yours: true, editable_until: "2026-01-01T00:07:00Z" });
    const news = comment("m", 2);
    const one = withComment(withComment(EMPTY_THREAD, mine), news);
    const other = withComment(withComment(EMPTY_THREAD, news), mine);
    expect(one.comments.get("m")).toEqual(other.comments.get("m"));
  });
});

it("can be edited by its author, for a while", () => {
  const mine = comment("m", 2, { yours: true, editable_until: "2026-01-01T00:07:00Z" });
  const at = (minute: number) => Date.UTC(2026, 0, 1, 0, minute);
  expect(isEditable(mine, at(6))).toBe(true);
  expect(isEditable(mine, at(8))).toBe(false);
  expect(isEditable({ ...mine, yours: false }, at(6))).toBe(false);
});

describe("reading the newest page again", () => {
  const older = withPage(withPage(EMPTY_THREAD, page), {
    comments: [comment("z", -5)],
    next: "further",
    pinned: [],
  });

  it("takes what the page covers from it, and keeps what is older", () => {
    const newest = { comments: [comment("c", 4), comment("b", 2)], next: "cursor", pinned: [] };
    const thread = withNewest(older, newest);
    // "r1" is gone, as it lies within the page's span; "a" and "p" lie before it.
    expect(shape(thread)).toEqual([["c"], ["b"], ["a"], ["p"], ["z"]]);
    expect(thread.next).toBe("further");
  });

  it("lets go of everything where there may be a gap, or where the page is all there is", () => {
    const apart = { comments: [comment("y", 60)], next: "cursor", pinned: [] };
    expect(withNewest(older, apart)).toMatchObject({ next: "cursor" });
    expect(shape(withNewest(older, apart))).toEqual([["y"]]);
    expect(shape(withNewest(older, { ...apart, comments: [], next: null }))).toEqual([]);
  });

  it("leaves no gap where only what has come live since is known", () => {
    const live = withComment(older, comment("live", 60));
    const comments = [comment("live", 60), comment("y", 59), comment("x", 58)];
    const thread = withNewest(live, { comments, next: "cursor", pinned: [] });
    expect(shape(thread)).toEqual([["live"], ["y"], ["x"]]);
    expect(thread.next).toBe("cursor");
  });

  it("keeps a comment of one's own that waits for approval as long as the page knows of it", () => {
    const mine = comment("mine", 9, { held: true, yours: true });
    const waiting = withComment(older, mine);
    const whole = { comments: [comment("b", 2)], next: null, pinned: [] };
    expect(shape(withNewest(waiting, { ...whole, yours: [mine] }))).toEqual([["mine"], ["b"]]);
    expect(shape(withNewest(waiting, { ...whole, yours: [] }))).toEqual([["b"]]);
  });

  it("takes in the older roots of the page's replies", () => {
    const reply = comment("r", 50, { reply_to: "old" });
    const roots = [comment("old", -99)];
    expect(
      shape(withPage(EMPTY_THREAD, { ...page, comments: [reply], pinned: [], roots })),
    ).toEqual([["old", "r"]]);
  });
});
