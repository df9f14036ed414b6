import { afterEach, expect, it, vi } from "vitest";
import { Soon } from "../../src/store/soon.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it("spreads what pages are told at one moment, and does it once", () => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  const work = vi.fn();
  const soon = new Soon(work);
  soon.ask();
  soon.ask();
  vi.advanceTimersByTime(1499);
  expect(work).not.toHaveBeenCalled();
  vi.advanceTimersByTime(60_000);
  expect(work).toHaveBeenCalledTimes(1);
  soon.ask();
  soon.cancel();
  vi.advanceTimersByTime(60_000);
  expect(work).toHaveBeenCalledTimes(1);
  soon.ask();
  vi.advanceTimersByTime(1500);
  expect(work).toHaveBeenCalledTimes(2);
});
