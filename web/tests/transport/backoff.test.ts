import { expect, it } from "vitest";
import { backoffMs } from "../../src/transport/backoff.ts";

it("tries at once, then waits 0.25, 0.5, 1, 2, 4 and again 4 s", () => {
  const pauses = [0, 1, 2, 3, 4, 5, 6, 40].map((failures) => backoffMs(failures, 0.5));
  expect(pauses).toEqual([0, 250, 500, 1000, 2000, 4000, 4000, 4000]);
});

it("spreads every pause by 30 % to both sides", () => {
  expect(backoffMs(3, 0)).toBe(700);
  expect(backoffMs(3, 1)).toBe(1300);
});
