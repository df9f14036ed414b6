import { expect, it } from "vitest";
import { Phase } from "../../src/player/phase.ts";
import { StateTeller } from "../../src/player/player-state.ts";

it("tells each change of a player's state once", () => {
  const player = new EventTarget();
  const heard: unknown[] = [];
  player.addEventListener("eva-state", (event) => heard.push((event as CustomEvent).detail));
  const teller = new StateTeller(player);
  const connecting = { phase: Phase.Connecting, camera: null, rendition: null };
  const live = { phase: Phase.Live, camera: "helmet", rendition: "720p" };
  for (const state of [connecting, { ...connecting }, live, live]) {
    teller.tell(state);
  }
  expect(heard).toEqual([connecting, live]);
});
