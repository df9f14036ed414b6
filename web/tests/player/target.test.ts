import { describe, expect, it } from "vitest";
import { isSwitched, targetOf } from "../../src/player/target.ts";

const wanted = { slug: "walk", camera: "helmet", rendition: null, holdMs: null };

describe("a player's target", () => {
  it("can be held back where the player may be told to", () => {
    expect(targetOf(wanted)).toEqual({ ...wantedRest(), holdable: false });
    expect(targetOf({ ...wanted, holdMs: 0 }).holdable).toBe(true);
  });

  it("is another one with another camera, and with the first or the last hold", () => {
    expect(isSwitched(new Map([["camera", "drone"]]), null)).toBe(true);
    expect(isSwitched(new Map([["holdMs", null]]), 0)).toBe(true);
    expect(isSwitched(new Map([["holdMs", 120]]), null)).toBe(true);
  });

  it("stays where only the hold's length changes", () => {
    expect(isSwitched(new Map([["holdMs", 0]]), 120)).toBe(false);
    expect(isSwitched(new Map([["holdMs", undefined]]), 0)).toBe(false);
    expect(isSwitched(new Map(), null)).toBe(false);
  });
});

function wantedRest(): { slug: string; camera: string | null; rendition: string | null } {
  const { holdMs: _, ...rest } = wanted;
  return rest;
}
