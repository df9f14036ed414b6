import { afterEach, expect, it, vi } from "vitest";
import { Reader } from "../../src/audience/comments/reader.ts";
import type { Comment, CommentPage } from "../../src/protocol/comment.ts";
import { comment as commentAt } from "../fixtures.ts";

const START = Date.UTC(2026, 0, 1);

/** The one that was written in that second. */
function comment(second: number): Comment {
  return commentAt(String(second), START + second * 1000);
}

const asked: string[] = [];

/** Has pages of fifty read of these comments, the newest first, from now on. */
function serve(comments: () => Comment[]): void {
  vi.stubGlobal("fetch", async (path: string) => {
    asked.push(path);
    const before = new URL(path, "http://relay").searchParams.get("before");
    const found = comments()
      .filter((one) => before === null || Date.parse(one.at) * 1000 < Number(before))
      .slice(0, 50);
    const last = found.length === 50 ? found.at(-1) : undefined;
    const next = last === undefined ? null : String(Date.parse(last.at) * 1000);
    const page: CommentPage = { comments: found, next, pinned: [] };
    return new Response(JSON.stringify(page));
  });
}

/** The comments of so many seconds, the newest first. */
const upTo = (seconds: number) =>
  Array.from({ length: seconds }, (_, index) => comment(seconds - 1 - index));

const seconds = (reader: Reader) => [...reader.thread.comments.keys()].map(Number);

function reader(busy: string[] = []): Reader {
  return new Reader({ slug: () => "s", busy: () => new Set(busy), changed: () => {} });
}

afterEach(() => {
  vi.unstubAllGlobals();
  asked.length = 0;
});

it("reads again as far back as it knew, so that what has gone meanwhile goes", async () => {
  let all = upTo(120);
  serve(() => all);
  const one = reader();
  await one.loadNewest();
  expect(asked).toHaveLength(1);
  await one.loadOlder();
  expect(Math.min(...seconds(one))).toBe(20);
  all = all.filter(({ id }) => id !== "30");
  await one.loadNewest();
  expect(asked).toHaveLength(2 + 2);
  expect(seconds(one)).not.toContain(30);
  expect(seconds(one)).toHaveLength(100);
});

it("reads four pages again at the most, and keeps what has come meanwhile", async () => {
  let all = upTo(400);
  serve(() => all);
  const one = reader(["101"]);
  await one.loadNewest();
  for (let pages = 1; pages < 6; pages += 1) {
    await one.loadOlder();
  }
  expect(seconds(one)).toHaveLength(300);
  asked.length = 0;
  const reading = one.loadNewest();
  one.learn({ type: "comment", comment: comment(400) });
  one.learn({ type: "comment_removed", id: "390" });
  await reading;
  expect(asked).toHaveLength(4);
  expect(seconds(one).sort((a, b) => a - b)).toEqual([
    101,
    ...Array.from({ length: 200 }, (_, index) => 200 + index).filter((id) => id !== 390),
    400,
  ]);
  all = all.filter(({ id }) => id !== "390");
  await one.loadOlder();
  expect(Math.min(...seconds(one).filter((id) => id !== 101))).toBe(150);
});

it("knows three hundred at the most by news, and reads the rest again", async () => {
  const all = upTo(500);
  serve(() => all.slice(100));
  const one = reader();
  await one.loadNewest();
  for (let second = 400; second < 500; second += 1) {
    one.learn({ type: "comment", comment: comment(second) });
  }
  expect(seconds(one)).toHaveLength(150);
  for (let pages = 1; pages < 5; pages += 1) {
    await one.loadOlder();
  }
  expect(seconds(one)).toHaveLength(350);
  serve(() => upTo(600));
  for (let second = 500; second < 600; second += 1) {
    one.learn({ type: "comment", comment: comment(second) });
  }
  // What the viewer has asked for is more than that.
  expect(seconds(one).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 350 }, (_, index) => 250 + index),
  );
  await one.loadOlder();
  expect(Math.min(...seconds(one))).toBe(200);
});

it("takes no page that does not follow on what it knows by then", async () => {
  serve(() => upTo(200));
  const one = reader();
  await one.loadNewest();
  const older = one.loadOlder();
  serve(() => upTo(400));
  await one.loadNewest();
  await older;
  expect(seconds(one).sort((a, b) => b - a)).toEqual(
    Array.from({ length: seconds(one).length }, (_, index) => 399 - index),
  );
});
