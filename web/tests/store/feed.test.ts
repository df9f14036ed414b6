import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BroadcastFeed } from "../../src/store/feed.ts";
import { broadcast } from "../fixtures.ts";

const window = new EventTarget();
let lines = 0;
let offered: string[][];
let hangUp: (code: number) => void;
let asked: string[];
let shown: (string | null)[];
let answers: (() => Response)[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("location", { href: "http://relay.test/b/eva" });
  vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
  vi.stubGlobal("removeEventListener", window.removeEventListener.bind(window));
  vi.stubGlobal(
    "WebSocket",
    class {
      onclose: ((end: { code: number }) => void) | null = null;
      constructor(_url: URL, protocols: string[]) {
        lines += 1;
        offered.push(protocols);
        hangUp = (code) => this.onclose?.({ code });
      }
      close(): void {
        lines -= 1;
      }
    },
  );
  lines = 0;
  offered = [];
  asked = [];
  shown = [];
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) => {
    asked.push(`${init?.method ?? "GET"} ${url}`);
    shown.push(new Headers(init?.headers).get("Eva-Access"));
    const answer = answers.shift();
    return answer === undefined ? Promise.reject(new TypeError("no network")) : answer();
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const answer = (status: number) => () => Promise.resolve(new Response(null, { status })) as never;
const found = () => Promise.resolve(Response.json(broadcast())) as never;

describe("a ticket", () => {
  it("is shown until somebody has looked at it, and leaves the address only then", async () => {
    answers = [answer(503), answer(429), answer(204), found];
    const feed = new BroadcastFeed("eva", null, () => undefined);
    const spend = vi.fn();
    feed.open({ token: "t", spend });
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toHaveLength(1);
    expect(feed.store.state.trouble).not.toBeNull();
    expect(spend).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked.slice(0, 3)).toEqual(Array(3).fill("POST /api/v1/broadcasts/eva/access"));
    expect(spend).toHaveBeenCalledTimes(1);
    expect(feed.store.state).toMatchObject({ broadcast: broadcast(), trouble: null });
    expect(lines).toBe(1);
    feed.close();
  });

  it("is changed for what every request and line shows from then on", async () => {
    answers = [() => Promise.resolve(Response.json({ grant: "evg_x" })) as never, found];
    const feed = new BroadcastFeed("eva", null, () => undefined);
    feed.open({ token: "t", spend: vi.fn() });
    await vi.advanceTimersByTimeAsync(100);
    expect(shown).toEqual([null, "evg_x"]);
    expect(offered).toEqual([["eva-access", "evg_x"]]);
    feed.close();
  });

  it("that is refused is spent, and not shown again", async () => {
    answers = [answer(401), answer(401)];
    const feed = new BroadcastFeed("eva", null, () => undefined);
    const spend = vi.fn();
    feed.open({ token: "t", spend });
    await vi.advanceTimersByTimeAsync(1000);
    expect(spend).toHaveBeenCalledTimes(1);
    expect(feed.store.state.closed).toBe(true);
    feed.close();
  });

  it("is not shown any more by a page that has been left", async () => {
    answers = [answer(503)];
    const feed = new BroadcastFeed("eva", null, () => undefined);
    feed.open({ token: "t", spend: vi.fn() });
    await vi.advanceTimersByTimeAsync(100);
    feed.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(1);
  });
});

it("gives up on a broadcast that is not there", async () => {
  answers = [answer(404)];
  const feed = new BroadcastFeed("eva", null, () => undefined);
  feed.open();
  await vi.advanceTimersByTimeAsync(100);
  expect(feed.store.state.gone).toBe(true);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(asked).toHaveLength(1);
  expect(lines).toBe(0);
});

it("hears no news of a broadcast that was closed, and asks until it is open again", async () => {
  answers = [answer(401), found];
  const feed = new BroadcastFeed("eva", broadcast(), () => undefined);
  feed.open();
  hangUp(4401);
  expect(feed.store.state).toMatchObject({ broadcast: null, closed: true, gone: false });
  await vi.advanceTimersByTimeAsync(16_000);
  expect(feed.store.state.closed).toBe(true);
  expect(lines).toBe(0);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(feed.store.state).toMatchObject({ broadcast: broadcast(), closed: false });
  expect(lines).toBe(1);
  feed.close();
});

it("gives up a line that has been lost once the broadcast turns out to be closed", async () => {
  answers = [answer(401)];
  const feed = new BroadcastFeed("eva", broadcast(), () => undefined);
  feed.open();
  hangUp(1006);
  await vi.advanceTimersByTimeAsync(16_000);
  expect(feed.store.state.closed).toBe(true);
  expect(lines).toBe(0);
  feed.close();
});

it("asks again while a broadcast cannot be loaded", async () => {
  answers = [answer(500), found];
  const feed = new BroadcastFeed("eva", null, () => undefined);
  feed.open();
  await vi.advanceTimersByTimeAsync(100);
  expect(feed.store.state.trouble).not.toBeNull();
  await vi.advanceTimersByTimeAsync(16_000);
  expect(feed.store.state.broadcast?.slug).toBe(broadcast().slug);
  feed.close();
});

describe("votes that come in a hurry", () => {
  /** Answers the oldest vote under way, and lets the page take notice. */
  let conclude: ((response: Response) => Promise<void>)[];
  let sent: unknown[];

  beforeEach(() => {
    conclude = [];
    sent = [];
    vi.stubGlobal("fetch", (_url: string, init: RequestInit) => {
      sent.push(JSON.parse(String(init.body)).stars);
      return new Promise<Response>((resolve) => {
        conclude.push(async (response) => {
          resolve(response);
          await vi.advanceTimersByTimeAsync(1);
        });
      });
    });
  });

  const counted = (stars: number) => Response.json({ average: stars, count: 1, yours: stars });
  const next = (response: Response) => conclude.shift()?.(response);
  const cast = () => {
    const feed = new BroadcastFeed("eva", broadcast(), () => undefined);
    for (const stars of [3, 4, 5]) {
      void feed.vote({ stars });
    }
    return feed;
  };

  it("go one after the other, the latest of those that wait", async () => {
    const { store } = cast();
    expect(sent).toEqual([3]);
    expect(store.state.vote).toEqual({ kind: "sending", stars: 5 });
    await next(counted(3));
    expect(sent).toEqual([3, 5]);
    expect(store.state.vote).toEqual({ kind: "sending", stars: 5 });
    await next(counted(5));
    expect(sent).toEqual([3, 5]);
    expect(store.state.vote).toEqual({ kind: "counted" });
    expect(store.state.broadcast?.rating.yours).toBe(5);
  });

  it("go on after one that is refused, and leave what has counted", async () => {
    const feed = cast();
    await next(new Response(null, { status: 403 }));
    expect(sent).toEqual([3, 5]);
    await next(counted(5));
    void feed.vote({ stars: 1 });
    await next(new Response(null, { status: 429 }));
    expect(sent).toEqual([3, 5, 1]);
    expect(feed.store.state.vote.kind).toBe("refused");
    expect(feed.store.state.broadcast?.rating.yours).toBe(5);
  });
});
