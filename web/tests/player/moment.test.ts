import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { IDLE_LINK, type Link } from "../../src/player/link.ts";
import { type Showing, ShownMoment } from "../../src/player/moment.ts";
import { Phase } from "../../src/player/phase.ts";
import { summarise } from "../../src/player/stats.ts";
import { measure } from "../../src/player/telemetry.ts";
import { ClockSync } from "../../src/store/clock-sync.ts";

const START_MS = 1_700_000_000_000;
const LATENCY_MS = 200;

/** A player whose pictures are 200 ms old, on a page that was opened at `START_MS`. */
function playing(): {
  player: { -readonly [K in keyof Showing]: Showing[K] };
  moment: ShownMoment;
} {
  const clock = new ClockSync();
  clock.take(0, START_MS * 1000, 0);
  const stats = { ...summarise([], "helmet", 0), capturedMs: START_MS - LATENCY_MS, rendition: "" };
  const health = measure(null, stats, () => START_MS);
  const player = { phase: Phase.Live, paused: false, health, clock };
  const moment = new ShownMoment(player);
  moment.follow(showing(1));
  return { player, moment };
}

function showing(id: number): Link {
  return { ...IDLE_LINK, shown: { id } as Link["shown"] };
}

/** What the moment is that many milliseconds after the page was opened. */
function us(afterMs: number): number {
  return (START_MS + afterMs - LATENCY_MS) * 1000;
}

describe("ShownMoment", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0, toFake: ["performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("goes on with the picture, and rests with it", () => {
    const { player, moment } = playing();
    vi.advanceTimersByTime(1000);
    expect(moment.us).toBe(us(1000));
    player.paused = true;
    moment.turned();
    vi.advanceTimersByTime(60_000);
    expect(moment.us).toBe(us(1000));
    player.paused = false;
    moment.turned();
    expect(moment.us).toBe(us(61_000));
  });

  it("rests on a picture that would be lost by now", () => {
    const { player, moment } = playing();
    player.paused = true;
    moment.turned();
    player.phase = Phase.Lost;
    moment.follow(showing(1));
    vi.advanceTimersByTime(5000);
    expect(moment.us).toBe(us(0));
  });

  it("is unknown while pictures have stopped by themselves", () => {
    const { player, moment } = playing();
    for (const phase of Object.values(Phase).filter((one) => one !== Phase.Live)) {
      player.phase = phase;
      expect(moment.us).toBeNull();
    }
    player.paused = true;
    moment.turned();
    expect(moment.us).toBeNull();
  });

  it("is unknown of a picture that rests no more on its own session", () => {
    for (const link of [showing(2), IDLE_LINK]) {
      const { player, moment } = playing();
      player.paused = true;
      moment.turned();
      moment.follow(link);
      expect(moment.us).toBeNull();
    }
  });

  it("is the server's time until something has been measured", () => {
    const { player, moment } = playing();
    player.health = null;
    expect(moment.us).toBe(START_MS * 1000);
    player.clock = null;
    expect(moment.us).toBeNull();
  });
});
