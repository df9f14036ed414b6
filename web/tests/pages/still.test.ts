import { expect, it } from "vitest";
import { stillOf } from "../../src/protocol/broadcast.ts";
import { broadcast, camera } from "../fixtures.ts";

it("shows a live picture where there is one to be had", () => {
  expect(stillOf(broadcast())).toBe("/b/eva-demo/still.jpg");
  expect(stillOf(broadcast({ programme: null }))).toBeNull();
  expect(stillOf(broadcast({ state: "ended" }))).toBeNull();
  expect(stillOf(broadcast({ cameras: [camera({ renditions: [] })] }))).toBeNull();
});
