import { describe, expect, it } from "vitest";
import { shownHeight } from "../../src/player/hints.ts";

describe("shownHeight", () => {
  const hd = { width: 1280, height: 720 };

  it.each([
    ["as large as its box", { width: 640, height: 360 }, hd, 1, 360],
    ["between bars at its sides", { width: 2000, height: 360 }, hd, 1, 360],
    ["between bars above and below", { width: 640, height: 2000 }, hd, 1, 360],
    ["on a screen of fine pixels", { width: 640, height: 360 }, hd, 2, 720],
    ["before its size is known", { width: 640, height: 360 }, { width: 0, height: 0 }, 1, 360],
    ["upright", { width: 360, height: 640 }, { width: 720, height: 1280 }, 1, 360],
    ["rounded up to what is told", { width: 642, height: 361 }, hd, 1, 420],
  ])("is the shorter side of a picture %s", (_, box, picture, ratio, height) => {
    expect(shownHeight(box, picture, ratio)).toBe(height);
  });

  it("is unknown without a box", () => {
    expect(shownHeight({ width: 0, height: 0 }, hd, 1)).toBeNull();
  });

  it("is never more than the relay takes", () => {
    expect(shownHeight({ width: 90_000, height: 90_000 }, hd, 3)).toBe(16_320);
  });
});
