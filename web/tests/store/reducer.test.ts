import { describe, expect, it, vi } from "vitest";
import { type BroadcastView, EMPTY_VIEW, reduce } from "../../src/store/reducer.ts";
import { Store } from "../../src/store/store.ts";
import { broadcast, camera } from "../fixtures.ts";

const trouble = new Error("too fast");
const loaded: BroadcastView = { ...EMPTY_VIEW, broadcast: broadcast() };

describe("reduce", () => {
  it("takes the whole truth from a state event, also after trouble", () => {
    const troubled = reduce(EMPTY_VIEW, { type: "unloadable", error: trouble });
    expect(troubled.trouble).toBe(trouble);
    const view = reduce(troubled, {
      type: "event",
      event: { type: "state", broadcast: broadcast({ viewers: 9 }) },
    });
    expect(view.broadcast?.viewers).toBe(9);
    expect(view.trouble).toBeNull();
  });

  it("keeps this viewer's own vote when the verdict changes", () => {
    const voted = reduce(loaded, { type: "voted", rating: { average: 4, count: 1, yours: 4 } });
    const view = reduce(voted, {
      type: "event",
      event: { type: "rating", average: 4.5, count: 2 },
    });
    expect(view.broadcast?.rating).toEqual({ average: 4.5, count: 2, yours: 4 });
  });

  it("changes viewers, programme and one camera only", () => {
    const step1 = reduce(loaded, { type: "event", event: { type: "viewers", count: 99 } });
    const step2 = reduce(step1, {
      type: "event",
      event: { type: "programme", camera: "drone" },
    });
    const step3 = reduce(step2, {
      type: "event",
      event: { type: "camera", id: "drone", live: false, renditions: [] },
    });
    expect(step3.broadcast).toEqual(
      broadcast({
        viewers: 99,
        programme: "drone",
        cameras: [camera(), camera({ id: "drone", name: "Drone", live: false, renditions: [] })],
      }),
    );
    expect(loaded.broadcast).toEqual(broadcast());
  });

  it("begins and ends when it is told so, whatever the cameras do", () => {
    const before: BroadcastView = {
      ...loaded,
      broadcast: broadcast({ state: "before", programme: null }),
    };
    const onAir = reduce(before, { type: "event", event: { type: "programme", camera: "drone" } });
    expect(onAir.broadcast?.state).toBe("before"); // a camera that is tried out
    const live = reduce(onAir, { type: "event", event: { type: "phase", state: "live" } });
    expect(live.broadcast?.state).toBe("live");
    const away = reduce(live, { type: "event", event: { type: "programme", camera: null } });
    expect(away.broadcast?.state).toBe("live");
    const over = reduce(away, { type: "event", event: { type: "phase", state: "ended" } });
    expect(over.broadcast?.state).toBe("ended");
  });

  it("follows a vote from asking to counting or refusal", () => {
    const asked = reduce(loaded, { type: "voting", stars: 5 });
    expect(asked.vote).toEqual({ kind: "sending", stars: 5 });
    expect(asked.broadcast?.rating.yours).toBeNull();
    const counted = reduce(asked, { type: "voted", rating: { average: 5, count: 1, yours: 5 } });
    expect(counted.vote).toEqual({ kind: "counted" });
    expect(counted.broadcast?.rating.yours).toBe(5);
    const refused = reduce(asked, { type: "vote-refused", error: trouble });
    expect(refused.vote).toEqual({ kind: "refused", error: trouble });
    expect(refused.broadcast?.rating.yours).toBeNull();
  });

  it("gives the same object where nothing changes", () => {
    expect(reduce(loaded, { type: "event", event: { type: "edge_lost" } })).toBe(loaded);
    expect(reduce(loaded, { type: "line", line: "connecting" })).toBe(loaded);
    expect(reduce(EMPTY_VIEW, { type: "event", event: { type: "viewers", count: 1 } })).toBe(
      EMPTY_VIEW,
    );
  });
});

describe("Store", () => {
  it("tells of changes, and of nothing else", () => {
    const store = new Store(loaded, reduce);
    const listener = vi.fn();
    const unsubscribe = store.subscribe(listener);
    store.dispatch({ type: "line", line: "open" });
    store.dispatch({ type: "line", line: "open" });
    expect(listener).toHaveBeenCalledTimes(1);
    unsubscribe();
    store.dispatch({ type: "line", line: "down" });
    expect(listener).toHaveBeenCalledTimes(1);
    expect(store.state.line).toBe("down");
  });
});
