import { describe, expect, it } from "vitest";
import {
  AHEAD,
  directionOf,
  dragged,
  FOV_RANGE,
  rotationOf,
  towards,
  turned,
  wrapped,
  zoomed,
} from "../../src/player/sphere/looking.ts";

/** Where a ray straight ahead goes: to the right, up, and forward. */
function ray(yaw: number, pitch: number): number[] {
  const m = rotationOf({ yaw, pitch, fov: 75 });
  return [-(m[6] ?? 0), -(m[7] ?? 0), m[8] ?? 0].map((one) => Math.round(one * 1000) / 1000 + 0);
}

describe("looking around", () => {
  it("goes round and round sideways, and not over the top", () => {
    expect(wrapped(190)).toBe(-170);
    expect(wrapped(-190)).toBe(170);
    expect(turned(AHEAD, 350, 0).yaw).toBe(-10);
    expect(turned(AHEAD, 0, 500).pitch).toBe(90);
    expect(turned(AHEAD, 0, -500).pitch).toBe(-90);
  });

  it("zooms within reason", () => {
    expect(zoomed(AHEAD, 1).fov).toBeLessThan(AHEAD.fov);
    expect(zoomed(AHEAD, 100).fov).toBe(FOV_RANGE[0]);
    expect(zoomed(AHEAD, -100).fov).toBe(FOV_RANGE[1]);
  });

  it("keeps the point under the finger", () => {
    const view = dragged(AHEAD, 300, -150, 300);
    expect(view.yaw).toBe(-75);
    expect(view.pitch).toBe(-37.5);
  });

  it("follows on the shortest way", () => {
    const half = towards({ yaw: 170, pitch: 0, fov: 75 }, { yaw: -170, pitch: 10, fov: 65 }, 0.5);
    expect(half).toEqual({ yaw: -180, pitch: 5, fov: 70 });
  });

  it("points a ray where one looks", () => {
    expect(ray(0, 0)).toEqual([0, 0, 1]);
    expect(ray(90, 0)).toEqual([1, 0, 0]);
    expect(ray(-90, 0)).toEqual([-1, 0, 0]);
    expect(ray(0, 90)).toEqual([0, 1, 0]);
    expect(ray(180, 0)).toEqual([0, 0, -1]);
  });

  it("knows where a telephone points", () => {
    const upright = directionOf(0, 90, 0);
    expect(upright.yaw).toBeCloseTo(0);
    expect(upright.pitch).toBeCloseTo(0);
    expect(directionOf(270, 90, 0).yaw).toBeCloseTo(90); // turned clockwise, to the east
    expect(directionOf(0, 120, 0).pitch).toBeCloseTo(30); // leant back
    expect(directionOf(0, 0, 0).pitch).toBeCloseTo(-90); // flat on a table
  });
});
