import { describe, expect, it } from "vitest";
import {
  bounded,
  branches,
  brief,
  covers,
  EMPTY_THREAD,
  isEditable,
  renewed,
  type Thread,
  untilChangeMs,
  withComment,
  without,
  withPage,
} from "../../src/audience/comments/thread.ts";
import type { Comment } from "../../src/protocol/comment.ts";
import { comment as commentAt } from "../fixtures.ts";

function comment(id: string, minute: number, patch: Partial<Comment> = {}): Comment {
  return commentAt(id, Date.UTC(2026, 0, 1, 0, minute), patch);
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

  it("is brief where the page goes on, but for what somebody is at", () => {
    const all = branches(withPage(EMPTY_THREAD, page));
    const ids = (busy: string[]) => brief(all, 1, new Set(busy)).map(({ root }) => root.id);
    expect(ids([])).toEqual(["p"]);
    expect(ids(["r1"])).toEqual(["p", "a"]);
    expect(ids(["b"])).toEqual(["p", "b"]);
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

it("is written anew each second, then each minute, and when its author's time is over", () => {
  const one = comment("c", 0);
  const at = Date.parse(one.at);
  const due = (afterMs: number, patch: Partial<Comment> = {}) =>
    afterMs + untilChangeMs({ ...one, ...patch }, at + afterMs);
  // Half a second before the second is full, as ages are rounded.
  expect(due(4000)).toBe(4501);
  expect(due(59_000)).toBe(59_501);
  expect(due(59_501)).toBe(119_501);
  expect(due(3_600_000)).toBe(3_659_501);
  const mine = { yours: true, editable_until: new Date(at + 300_000).toISOString() };
  expect(due(290_000, mine)).toBe(299_501);
  expect(due(299_501, mine)).toBe(300_001);
  expect(due(300_001, mine)).toBe(359_501);
  expect(untilChangeMs(null, at)).toBeLessThanOrEqual(1001);
});

/** Where a page begins that ends with what was written in that minute. */
const cursor = (minute: number) => String(Date.UTC(2026, 0, 1, 0, minute) * 1000);
const none = new Set<string>();

function threadOf(next: string | null, ...comments: Comment[]): Thread {
  return withPage(EMPTY_THREAD, { comments, next, pinned: [] });
}

describe("reading the newest again", () => {
  const older = threadOf(
    cursor(-5),
    comment("b", 2),
    comment("r1", 3, { reply_to: "a" }),
    comment("a", 1),
    comment("p", 0, { pinned: true }),
    comment("z", -5),
  );

  it("has covered what was known once it goes as far back", () => {
    expect(covers(threadOf(cursor(-4)), older)).toBe(false);
    expect(covers(threadOf(cursor(-5)), older)).toBe(true);
    expect(covers(threadOf(null), older)).toBe(true);
    expect(covers(threadOf(cursor(-99)), threadOf(null))).toBe(false);
  });

  it("is as what has been read says, and lets go of what is older", () => {
    const fresh = threadOf(cursor(1), comment("c", 4), comment("b", 2), comment("a", 1));
    const thread = renewed(older, fresh, none);
    expect(shape(thread)).toEqual([["c"], ["b"], ["a"]]);
    expect(thread.next).toBe(cursor(1));
  });

  it("keeps what somebody is at, unless it has been taken away", () => {
    const fresh = threadOf(cursor(1), comment("c", 4), comment("a", 1));
    const thread = renewed(older, fresh, new Set(["b", "p", "z"]));
    expect(shape(thread)).toEqual([["c"], ["a"], ["p"], ["z"]]);
    expect(thread.comments.get("p")?.pinned).toBe(false);
    expect(shape(renewed(older, { ...fresh, next: null }, new Set(["z"])))).toEqual([["c"], ["a"]]);
  });

  it("keeps a comment of one's own that waits for approval as long as the page knows of it", () => {
    const mine = comment("mine", 9, { held: true, yours: true });
    const waiting = withComment(older, mine);
    const whole = { comments: [comment("b", 2)], next: null, pinned: [] };
    const read = (yours: Comment[]) => withPage(EMPTY_THREAD, { ...whole, yours });
    expect(shape(renewed(waiting, read([mine]), none))).toEqual([["mine"], ["b"]]);
    expect(shape(renewed(waiting, read([]), none))).toEqual([["b"]]);
  });

  it("takes in the older roots of the page's replies", () => {
    const reply = comment("r", 50, { reply_to: "old" });
    const roots = [comment("old", -99)];
    expect(
      shape(withPage(EMPTY_THREAD, { ...page, comments: [reply], pinned: [], roots })),
    ).toEqual([["old", "r"]]);
  });
});

describe("a bound", () => {
  const many = threadOf(
    null,
    comment("mine", -9, { held: true, yours: true }),
    comment("p", -8, { pinned: true }),
    comment("root", -7),
    comment("a", 1),
    comment("b", 2),
    comment("r", 3, { reply_to: "root" }),
    comment("c", 4),
  );

  it("lets the oldest go, to which the next page leads back", () => {
    const thread = bounded(many, 5, none);
    expect(shape(thread)).toEqual([["p"], ["c"], ["root", "r"], ["mine"]]);
    expect(Number(thread.next)).toBeGreaterThan(Number(cursor(2)));
    expect(Number(thread.next)).toBeLessThan(Number(cursor(3)));
    expect(bounded(many, 7, none)).toBe(many);
  });

  it("leaves what somebody is at, and goes on from what was to be read already", () => {
    expect(shape(bounded(many, 6, new Set(["a"])))).toEqual([
      ["p"],
      ["c"],
      ["a"],
      ["root", "r"],
      ["mine"],
    ]);
    expect(bounded({ ...many, next: cursor(2) }, 6, none).next).toBe(cursor(2));
  });
});
