import { describe, expect, it } from "vitest";
import { isBroadcast, isBroadcastList } from "../../src/protocol/broadcast.ts";
import { broadcast, camera } from "../fixtures.ts";

describe("isBroadcast", () => {
  it("accepts what the API promises", () => {
    expect(isBroadcast(broadcast())).toBe(true);
    expect(isBroadcast(broadcast({ starts_at: null, programme: null, cameras: [] }))).toBe(true);
    expect(isBroadcast(broadcast({ rating: { average: null, count: 0, yours: null } }))).toBe(true);
  });

  it("leaves fields alone that it does not know", () => {
    expect(isBroadcast({ ...broadcast(), markers: [] })).toBe(true);
    expect(isBroadcast(broadcast({ cameras: [camera({ projection: "equirectangular" })] }))).toBe(
      true,
    );
  });

  it.each([
    ["no object", 7],
    ["null", null],
    ["an array", []],
    ["no slug", { ...broadcast(), slug: undefined }],
    ["an unknown state", { ...broadcast(), state: "paused" }],
    ["a start that is a number", { ...broadcast(), starts_at: 1 }],
    ["viewers below zero", broadcast({ viewers: -1 })],
    ["half a viewer", broadcast({ viewers: 1.5 })],
    ["a camera without a name", { ...broadcast(), cameras: [{ ...camera(), name: null }] }],
    ["crew that is no list", { ...broadcast(), crew: {} }],
    ["an average that is no number", { ...broadcast(), rating: { average: Number.NaN, count: 1 } }],
  ])("refuses %s", (_name, value) => {
    expect(isBroadcast(value)).toBe(false);
  });

  it("refuses a list with one bad entry", () => {
    expect(isBroadcastList({ broadcasts: [broadcast()] })).toBe(true);
    expect(isBroadcastList({ broadcasts: [broadcast(), {}] })).toBe(false);
  });
});
