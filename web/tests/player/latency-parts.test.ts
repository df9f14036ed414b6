import { expect, it } from "vitest";
import { isFromCamera } from "../../src/player/latency-parts.ts";
import { isCamera } from "../../src/protocol/broadcast.ts";
import { parseEvent } from "../../src/protocol/events.ts";
import { EMPTY_VIEW, reduce } from "../../src/store/reducer.ts";
import { broadcast, camera } from "../fixtures.ts";

it("counts from the camera only where the relay says that its clock is known", () => {
  const cameras = [camera({ clock: "camera" }), camera({ id: "drone", clock: "arrival" })];
  expect(isFromCamera({ cameras }, "helmet")).toBe(true);
  expect(isFromCamera({ cameras }, "drone")).toBe(false);
  expect(isFromCamera({ cameras: [camera()] }, "helmet")).toBe(false); // of an earlier relay
  expect(isFromCamera({ cameras }, null)).toBe(false);
  expect(isFromCamera(null, "helmet")).toBe(false);
  expect(isCamera(camera({ clock: "sundial" as never }))).toBe(false);
});

it("follows what is told while the page is open", () => {
  const told = { type: "camera", id: "helmet", live: true, clock: "camera", renditions: [] };
  const event = parseEvent(JSON.stringify(told));
  const before = reduce(EMPTY_VIEW, { type: "loaded", broadcast: broadcast() });
  expect(isFromCamera(before.broadcast, "helmet")).toBe(false);
  expect(event).not.toBeNull();
  const after = event === null ? before : reduce(before, { type: "event", event });
  expect(isFromCamera(after.broadcast, "helmet")).toBe(true);
});
