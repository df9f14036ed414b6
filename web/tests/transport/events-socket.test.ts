import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ServerEvent, WatchingMessage } from "../../src/protocol/events.ts";
import { EventsSocket, type Line } from "../../src/transport/events-socket.ts";

/** Stands for the browser's WebSocket; the test plays the server. */
class FakeSocket {
  static readonly OPEN = 1;
  static made: FakeSocket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onclose: ((end: { code: number }) => void) | null = null;
  closed = false;
  readyState = 0;
  sent: string[] = [];

  constructor() {
    FakeSocket.made.push(this);
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.closed = true;
  }
  static get last(): FakeSocket {
    const socket = FakeSocket.made.at(-1);
    if (socket === undefined) {
      throw new Error("no socket has been made");
    }
    return socket;
  }
}

const window = new EventTarget();
let lines: Line[];
let events: ServerEvent[];
let ends: string[];
let socket: EventsSocket;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
  vi.stubGlobal("removeEventListener", window.removeEventListener.bind(window));
  FakeSocket.made = [];
  lines = [];
  events = [];
  ends = [];
  socket = new EventsSocket(new URL("ws://relay.test/events"), {
    line: (line) => lines.push(line),
    event: (event) => events.push(event),
    gone: () => ends.push("gone"),
    closed: () => ends.push("closed"),
  });
  socket.open();
});

afterEach(() => {
  socket.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** The server takes the line. */
function open(): void {
  FakeSocket.last.readyState = FakeSocket.OPEN;
  FakeSocket.last.onopen?.();
}

it("passes on what it understands and ignores the rest", () => {
  open();
  FakeSocket.last.onmessage?.({ data: '{"type":"viewers","count":3}' });
  FakeSocket.last.onmessage?.({ data: '{"type":"novelty"}' });
  FakeSocket.last.onmessage?.({ data: new ArrayBuffer(3) });
  expect(lines).toEqual(["connecting", "open"]);
  expect(events).toEqual([{ type: "viewers", count: 3 }]);
});

it("comes back at once after a loss, then with growing pauses", () => {
  FakeSocket.last.onclose?.({ code: 1006 });
  vi.advanceTimersByTime(0);
  expect(FakeSocket.made).toHaveLength(2);
  FakeSocket.last.onclose?.({ code: 1006 });
  vi.advanceTimersByTime(249);
  expect(FakeSocket.made).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(FakeSocket.made).toHaveLength(3);
  FakeSocket.last.onclose?.({ code: 1006 });
  vi.advanceTimersByTime(499);
  expect(FakeSocket.made).toHaveLength(3);
});

it("counts a line as good only once something has come through", () => {
  FakeSocket.last.onclose?.({ code: 1006 });
  vi.advanceTimersByTime(0);
  open();
  FakeSocket.last.onclose?.({ code: 1006 });
  vi.advanceTimersByTime(100);
  expect(FakeSocket.made).toHaveLength(2);
  vi.advanceTimersByTime(150);
  FakeSocket.last.onmessage?.({ data: "{}" });
  FakeSocket.last.onclose?.({ code: 1006 });
  vi.advanceTimersByTime(0);
  expect(FakeSocket.made).toHaveLength(4);
});

it("gives up a line that leaves the clock message unanswered", () => {
  open();
  expect(JSON.parse(FakeSocket.last.sent[0] ?? "")).toMatchObject({ type: "clock" });
  const silent = FakeSocket.last;
  vi.advanceTimersByTime(10_000);
  expect(silent.closed).toBe(true);
  expect(lines.at(-1)).toBe("down");
});

it("says nothing to a line that is being hung up, and gives it up as one that is silent", () => {
  open();
  FakeSocket.last.onmessage?.({ data: "{}" });
  FakeSocket.last.readyState = 2;
  const closing = FakeSocket.last;
  vi.advanceTimersByTime(10_000);
  expect(closing.sent).toHaveLength(1);
  vi.advanceTimersByTime(10_000);
  expect(closing.closed).toBe(true);
});

it("asks for the clock a few times at the beginning, then every ten seconds", () => {
  open();
  const answer = '{"type":"clock","t0":0,"server_us":1}';
  for (let asked = 0; asked < 20; asked += 1) {
    FakeSocket.last.onmessage?.({ data: answer });
    vi.advanceTimersByTime(200);
  }
  expect(FakeSocket.last.sent).toHaveLength(5);
  vi.advanceTimersByTime(10_000);
  expect(FakeSocket.last.sent).toHaveLength(6);
});

it("says what is watched while the line is up, and nothing while it is down", () => {
  const message = { type: "watching" } as WatchingMessage;
  socket.send(message);
  open();
  socket.send(message);
  expect(FakeSocket.last.sent.filter((one) => one.includes("watching"))).toHaveLength(1);
});

it("tries at once when the network comes back", () => {
  for (let loss = 0; loss < 6; loss += 1) {
    FakeSocket.last.onclose?.({ code: 1006 });
    vi.advanceTimersByTime(4000);
  }
  FakeSocket.last.onclose?.({ code: 1006 });
  const before = FakeSocket.made.length;
  window.dispatchEvent(new Event("online"));
  expect(FakeSocket.made).toHaveLength(before + 1);
});

it("stays closed once closed", () => {
  socket.close();
  vi.advanceTimersByTime(60_000);
  window.dispatchEvent(new Event("online"));
  expect(FakeSocket.made).toHaveLength(1);
  expect(FakeSocket.last.closed).toBe(true);
});

it.each([
  [4401, "closed"],
  [4404, "gone"],
])("stays closed once the server has said %i", (code, end) => {
  FakeSocket.last.onclose?.({ code });
  vi.advanceTimersByTime(60_000);
  window.dispatchEvent(new Event("online"));
  expect(ends).toEqual([end]);
  expect(lines.at(-1)).toBe("down");
  expect(FakeSocket.made).toHaveLength(1);
});
