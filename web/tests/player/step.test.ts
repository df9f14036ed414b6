import { describe, expect, it } from "vitest";
import { Phase } from "../../src/player/phase.ts";
import { Run } from "./run.ts";

const liveTarget = { kind: "target", switched: true, camera: "live", ended: false } as const;
const trouble = { kind: "trouble", retryAfterMs: null } as const;

describe("joining", () => {
  it("asks for a session at once and lets its first frame through", () => {
    const run = new Run();
    run.feed(liveTarget);
    expect(run.link.phase).toBe(Phase.Idle);
    expect(run.feed({ kind: "start" })).toEqual(["open 1", "show 1"]);
    expect(run.link.phase).toBe(Phase.Connecting);
    run.nowMs += 3000;
    run.sample(1);
    expect(run.link.phase).toBe(Phase.Live);
    expect(run.pass(2000, [1])).toEqual([]);
  });

  it("calls it live only once a frame has been decoded", () => {
    const run = new Run();
    run.feed(liveTarget);
    run.feed({ kind: "start" });
    run.sample(1, 0);
    expect(run.link.phase).toBe(Phase.Connecting);
  });

  it("gives up a session without a packet, more patiently each time", () => {
    const run = new Run();
    run.feed(liveTarget);
    run.feed({ kind: "start" });
    expect(run.pass(4000)).toEqual([]);
    expect(run.pass(350)).toEqual(["close 1", "open 2", "show 2"]);
    expect(run.pass(7900)).toEqual([]);
    expect(run.pass(700)).toEqual(["close 2", "open 3", "show 3"]);
  });

  it("waits as long as the server asks while the camera is not live", () => {
    const run = new Run();
    run.feed({ ...liveTarget, camera: "unknown" });
    run.feed({ kind: "start" });
    run.feed({ kind: "failed", id: 1, failure: { kind: "not-live", retryAfterMs: 5000 } });
    expect(run.link.phase).toBe(Phase.Waiting);
    expect(run.pass(4950)).toEqual([]);
    expect(run.pass(50)).toEqual(["open 2", "show 2"]);
    expect(run.link.phase).toBe(Phase.Waiting);
    run.sample(2);
    expect(run.link.phase).toBe(Phase.Live);
  });

  it("does not wait once the events line says that the camera is live", () => {
    const run = new Run();
    run.feed({ ...liveTarget, camera: "down" });
    expect(run.feed({ kind: "start" })).toEqual([]);
    expect(run.link.phase).toBe(Phase.Waiting);
    run.pass(60_000);
    expect(run.feed({ ...liveTarget, switched: false })).toEqual(["open 1", "show 1"]);
  });

  it("backs off from a server in trouble: 0.25, 0.5, 1, 2, 4, 4 s", () => {
    const run = new Run();
    run.feed(liveTarget);
    run.feed({ kind: "start" });
    const pauses = [1, 2, 3, 4, 5, 6].map((id) => {
      run.feed({ kind: "failed", id, failure: trouble });
      const from = run.nowMs;
      while (run.link.next === null) {
        run.pass(50);
      }
      return run.nowMs - from;
    });
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 4000]);
  });

  it("stops at a refusal until somebody asks for another try", () => {
    const run = new Run();
    run.feed(liveTarget);
    run.feed({ kind: "start" });
    const error = new Error("not for you");
    run.feed({ kind: "failed", id: 1, failure: { kind: "refused", error } });
    expect(run.link.phase).toBe(Phase.Failed);
    expect(run.link.refusal).toBe(error);
    expect(run.pass(60_000)).toEqual([]);
    expect(run.feed({ kind: "retry" })).toEqual(["open 2", "show 2"]);
    expect(run.link.phase).toBe(Phase.Connecting);
  });
});

describe("losing the picture", () => {
  it("makes a new session 1.5 s after the last packet, and keeps the old picture meanwhile", () => {
    const run = Run.live();
    run.pass(1000, [1]);
    expect(run.pass(1450)).toEqual(["search 1"]);
    expect(run.link.phase).toBe(Phase.Live);
    expect(run.pass(50)).toEqual(["open 2"]);
    expect(run.link.phase).toBe(Phase.Lost);
    expect(run.link.lostSinceMs).toBe(run.nowMs - 1500);
    expect(run.sample(2)).toEqual(["show 2", "close 1"]);
    expect(run.link.phase).toBe(Phase.Live);
    expect(run.link.lostSinceMs).toBeNull();
  });

  it("drops the new session if the old one recovers first", () => {
    const run = Run.live();
    run.pass(1500);
    expect(run.sample(1)).toEqual(["close 2"]);
    expect(run.link.phase).toBe(Phase.Live);
  });

  it("replaces a session whose packets give no picture", () => {
    const run = Run.live();
    for (let second = 0; second < 20; second += 1) {
      run.pass(250);
      run.sample(1, 0);
    }
    expect(run.link.phase).toBe(Phase.Lost);
    expect(run.link.next?.id).toBe(2);
  });

  it("is content with sound alone for as long as a narrow path may take", () => {
    const run = Run.live();
    const sound = (ms: number): void => {
      for (const end = run.nowMs + ms; run.nowMs < end; ) {
        run.nowMs += 250;
        const packets = 100 + run.nowMs;
        run.feed({ kind: "sample", id: 1, packets, pictures: 10, frames: 1, watching: true });
      }
    };
    sound(19_000);
    expect(run.link.phase).toBe(Phase.Live);
    sound(2000);
    expect(run.link.phase).toBe(Phase.Lost);
  });

  it("searches for the path of a session that falls silent, once each time", () => {
    const run = Run.live();
    expect(run.pass(250)).toEqual([]);
    expect(run.pass(1000)).toEqual(["search 1"]);
    run.sample(1);
    expect(run.pass(450)).toEqual(["search 1"]);
  });

  it("does not take the last recorded pictures of a camera that is away for its return", () => {
    const run = Run.live();
    run.feed({ kind: "target", switched: false, camera: "down", ended: false });
    expect(run.pass(1000, [1])).toEqual([]);
    expect(run.link.phase).toBe(Phase.Live); // It still sends, whatever is said of it.
    run.pass(1600);
    expect(run.link.phase).toBe(Phase.Lost);
    const since = run.link.lostSinceMs;
    for (let burst = 0; burst < 5; burst += 1) {
      run.pass(400, [1]);
      run.pass(2700);
      expect(run.link.phase).toBe(Phase.Lost);
      expect(run.link.lostSinceMs).toBe(since);
    }
    run.sample(1);
    run.feed({ kind: "target", switched: false, camera: "live", ended: false });
    expect(run.link.phase).toBe(Phase.Live);
  });

  it("makes sessions that keep dying young at growing intervals", () => {
    const run = Run.live();
    const pauses = [2, 3, 4, 5].map((id) => {
      run.pass(1450);
      const from = run.nowMs;
      while (run.link.next === null) {
        run.pass(50);
      }
      expect(run.link.next.id).toBe(id);
      run.sample(id);
      return run.nowMs - from - 50;
    });
    expect(pauses).toEqual([0, 250, 500, 1000]);
    run.pass(11_000, [5]);
    run.pass(1450);
    expect(run.pass(50)).toEqual(["open 6"]);
  });

  it("does not take a hidden tab's missing frames for a loss", () => {
    const run = Run.live();
    for (let packets = 100; packets < 200; packets += 1) {
      run.nowMs += 250;
      run.feed({ kind: "sample", id: 1, packets, frames: 1, watching: false });
    }
    expect(run.link.phase).toBe(Phase.Live);
  });

  it("reacts at once to a dead edge and to a broken connection", () => {
    const byEvent = Run.live();
    expect(byEvent.feed({ kind: "edge-lost", id: 1 })).toEqual(["open 2"]);
    expect(byEvent.link.phase).toBe(Phase.Lost);
    const byIce = Run.live();
    expect(byIce.feed({ kind: "failed", id: 1, failure: trouble })).toEqual(["open 2"]);
  });

  it("starts over at once when the edge dies during a join", () => {
    const run = new Run();
    run.feed(liveTarget);
    run.feed({ kind: "start" });
    expect(run.feed({ kind: "edge-lost", id: 1 })).toEqual(["close 1", "open 2", "show 2"]);
  });

  it("keeps the session of a camera that is known to be away, and its picture", () => {
    const run = Run.live();
    run.feed({ ...liveTarget, switched: false, camera: "down" });
    expect(run.pass(30_000)).toEqual([]);
    expect(run.link.phase).toBe(Phase.Lost);
    run.pass(1000, [1]);
    expect(run.link.phase).toBe(Phase.Lost);
    run.pass(200, [1]);
    expect(run.link.phase).toBe(Phase.Live);
  });

  it("makes a new session at once when such a camera is back and the old one stays silent", () => {
    const run = Run.live();
    run.feed({ ...liveTarget, switched: false, camera: "down" });
    run.pass(30_000);
    expect(run.feed({ ...liveTarget, switched: false })).toEqual(["open 2"]);
  });
});

describe("network and sleep", () => {
  it("is offline when packets stop without a network, and goes on trying", () => {
    const run = Run.live();
    run.feed({ kind: "offline" });
    expect(run.link.phase).toBe(Phase.Live);
    run.pass(1500);
    expect(run.link.phase).toBe(Phase.Offline);
    run.feed({ kind: "failed", id: 2, failure: trouble });
    run.feed({ kind: "online" });
    expect(run.link.phase).toBe(Phase.Live);
    expect(run.pass(500)).toEqual(["open 3"]);
    expect(run.link.phase).toBe(Phase.Lost);
  });

  it("forgets its patience when the network comes back", () => {
    const run = new Run();
    run.feed(liveTarget);
    run.feed({ kind: "start" });
    for (let id = 1; id < 7; id += 1) {
      run.feed({ kind: "failed", id, failure: trouble });
      run.pass(4000);
    }
    run.feed({ kind: "failed", id: 7, failure: trouble });
    expect(run.feed({ kind: "online" })).toEqual(["open 8", "show 8"]);
  });

  it("gives a session half a second to prove itself after a sleep", () => {
    const run = Run.live();
    run.nowMs += 600_000;
    expect(run.feed({ kind: "woke" })).toEqual(["search 1"]);
    expect(run.pass(450)).toEqual([]);
    expect(run.pass(50)).toEqual(["open 2"]);
    const good = Run.live();
    good.nowMs += 600_000;
    good.feed({ kind: "woke" });
    expect(good.pass(5000, [1])).toEqual([]);
  });
});

describe("switching", () => {
  it("shows the old camera until the new one has a picture", () => {
    const run = Run.live();
    expect(run.feed(liveTarget)).toEqual(["open 2"]);
    expect(run.pass(300, [1])).toEqual([]);
    expect(run.link.phase).toBe(Phase.Live);
    expect(run.sample(2)).toEqual(["show 2", "close 1"]);
    expect(run.link.stale).toBe(false);
  });

  it("drops a half-made session when the viewer switches again", () => {
    const run = Run.live();
    run.feed(liveTarget);
    expect(run.feed(liveTarget)).toEqual(["close 2", "open 3"]);
  });

  it("lets the old picture go when the new camera sends nothing", () => {
    const known = Run.live();
    expect(known.feed({ ...liveTarget, camera: "down" })).toEqual(["close 1"]);
    expect(known.link.phase).toBe(Phase.Waiting);
    const told = Run.live();
    told.feed(liveTarget);
    const failure = { kind: "not-live", retryAfterMs: null } as const;
    expect(told.feed({ kind: "failed", id: 2, failure })).toEqual(["close 2", "close 1"]);
    expect(told.link.phase).toBe(Phase.Waiting);
  });

  it("goes on trying behind the old picture while the server is in trouble", () => {
    const run = Run.live();
    run.feed(liveTarget);
    run.feed({ kind: "failed", id: 2, failure: trouble });
    expect(run.link.phase).toBe(Phase.Live);
    expect(run.pass(300, [1])).toEqual(["open 3"]);
  });
});

describe("the end", () => {
  it("closes everything when the broadcast ends, and begins anew if it is reopened", () => {
    const run = Run.live();
    expect(run.feed({ ...liveTarget, switched: false, ended: true })).toEqual(["close 1"]);
    expect(run.link.phase).toBe(Phase.Ended);
    expect(run.feed({ ...liveTarget, switched: false })).toEqual(["open 2", "show 2"]);
    expect(run.link.phase).toBe(Phase.Connecting);
  });

  it("closes everything when stopped", () => {
    const run = Run.live();
    run.feed(liveTarget);
    expect(run.feed({ kind: "stop" })).toEqual(["close 2", "close 1"]);
    expect(run.link.phase).toBe(Phase.Idle);
    expect(run.pass(10_000)).toEqual([]);
  });

  it("ignores news of sessions that are over", () => {
    const run = Run.live();
    run.feed({ kind: "edge-lost", id: 1 });
    run.sample(2);
    const before = run.link;
    expect(run.feed({ kind: "failed", id: 1, failure: trouble })).toEqual([]);
    expect(run.link).toEqual(before);
  });
});
