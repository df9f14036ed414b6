import { expect, it } from "vitest";
import { Heartbeat } from "../../src/player/heartbeat.ts";
import type { EvaPlayer } from "../../src/player/player.ts";
import type { WatchingMessage } from "../../src/protocol/events.ts";

it("tells a line that begins anew what is watched", () => {
  const told: WatchingMessage[] = [];
  const player = { session: "edge-0.abc", camera: "helmet" } as EvaPlayer;
  const heartbeat = new Heartbeat(
    () => player,
    () => null,
    (message) => told.push(message),
  );
  heartbeat.reach(false);
  heartbeat.changed();
  heartbeat.changed();
  expect(told).toHaveLength(1); // to a line that may not have been there
  for (const reaches of [true, true, false, true]) {
    heartbeat.reach(reaches);
  }
  expect(told.map((one) => one.session)).toEqual(Array(3).fill("edge-0.abc"));
});
