import { describe, expect, it } from "vitest";
import {
  formatAverage,
  formatClock,
  formatCount,
  formatElapsed,
  formatSince,
  formatStart,
  missionClock,
  stateWord,
} from "../../src/ui/format.ts";

describe("spans", () => {
  it("counts days beside hours, in the page's language", () => {
    expect(formatElapsed(0, "en")).toBe("00:00:00");
    expect(formatElapsed(23_445_999, "en")).toBe("06:30:45");
    expect(formatElapsed(86_399_999, "en")).toBe("23:59:59");
    expect(formatElapsed(86_400_000, "en")).toBe("1d 00:00:00");
    const long = (579 * 3600 + 5 * 60 + 49) * 1000;
    expect(formatElapsed(long, "en")).toBe("24d 03:05:49");
    expect(formatElapsed(long, "de")).toBe("24 T 03:05:49");
    expect(formatElapsed(-5, "en")).toBe("00:00:00");
  });

  it("counts a lost signal in minutes and seconds", () => {
    expect(formatSince(4_300)).toBe("00:04");
    expect(formatSince(75 * 60_000)).toBe("75:00");
  });
});

it("writes numbers and moments in the page's language", () => {
  expect(formatCount(12_345, "en")).toBe("12,345");
  expect(formatCount(12_345, "de")).toBe("12.345");
  expect(formatAverage(4.25, "fr")).toBe("4,3");
  expect(formatStart("2026-03-01T12:05:00Z", "en-GB", "Europe/Paris")).toMatch(
    /^Sunday,? 1 March 2026 at 13:05 (CET|UTC\+1|GMT\+1)$/,
  );
});

it("writes a time of day as its language does", () => {
  const clock = (locale: string): string => formatClock("2026-03-01T19:52:00Z", locale, "UTC");
  expect(clock("en")).toMatch(/^7:52\sPM$/);
  expect(clock("de")).toBe("19:52");
  expect(formatClock("2026-03-01T07:05:00Z", "fr", "UTC")).toBe("07:05");
});

it("tells upcoming from standing by", () => {
  const start = "2026-03-01T12:00:00Z";
  expect(stateWord("before", start, Date.parse(start) - 1)).toBe("Upcoming");
  expect(stateWord("before", start, Date.parse(start))).toBe("Standby");
  expect(stateWord("before", null, 0)).toBe("Standby");
  expect(stateWord("live", start, Date.parse(start))).toBe("Live");
  expect(stateWord("live", null, 0)).toBe("Live");
  expect(stateWord("live", start, Date.parse(start) - 1)).toBe("On air early");
  expect(stateWord("ended", start, 0)).toBe("Ended");
});

describe("missionClock", () => {
  const start = "2026-03-01T12:00:00Z";
  const at = (offsetMs: number): number => Date.parse(start) + offsetMs;

  it("counts down, then up", () => {
    expect(missionClock("before", start, at(-61_500))).toEqual({
      label: "Starts in",
      value: "00:01:02",
    });
    expect(missionClock("live", start, at(3_661_000))).toEqual({
      label: "Mission elapsed time",
      value: "01:01:01",
    });
  });

  it("says soon when the start has passed and nothing is live", () => {
    expect(missionClock("before", start, at(1))).toEqual({ label: "Starting", value: "soon" });
  });

  it("counts nothing without a start or after the end", () => {
    expect(missionClock("live", null, 0)).toBeNull();
    expect(missionClock("live", "not a date", 0)).toBeNull();
    expect(missionClock("ended", start, at(1))).toBeNull();
  });
});
