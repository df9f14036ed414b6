import { describe, expect, it } from "vitest";
import { follow, Phase, Signal } from "../../src/player/phase.ts";

describe("follow", () => {
  it.each([
    [Phase.Idle, Signal.Connect, Phase.Connecting],
    [Phase.Idle, Signal.Picture, Phase.Idle],
    [Phase.Connecting, Signal.Picture, Phase.Live],
    [Phase.Connecting, Signal.Silence, Phase.Connecting],
    [Phase.Waiting, Signal.Connect, Phase.Connecting],
    [Phase.Live, Signal.Silence, Phase.Lost],
    [Phase.Live, Signal.Connect, Phase.Live],
    [Phase.Lost, Signal.Picture, Phase.Live],
    [Phase.Lost, Signal.Connect, Phase.Lost],
    [Phase.Offline, Signal.Silence, Phase.Lost],
    [Phase.Offline, Signal.Picture, Phase.Live],
    [Phase.Ended, Signal.Picture, Phase.Ended],
    [Phase.Failed, Signal.Connect, Phase.Connecting],
  ])("%s, %s → %s", (phase, signal, expected) => {
    expect(follow(phase, signal)).toBe(expected);
  });

  it.each(Object.values(Phase))("can always be stopped, and ended (%s)", (phase) => {
    expect(follow(phase, Signal.Stop)).toBe(Phase.Idle);
    expect(follow(phase, Signal.End)).toBe(Phase.Ended);
  });
});
