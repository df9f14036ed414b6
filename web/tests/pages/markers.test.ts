import { expect, it } from "vitest";
import { currentMarker } from "../../src/pages/broadcast/markers-now.ts";
import { formatAgo, formatMilliseconds, formatMissionTime } from "../../src/ui/format.ts";

const marker = (id: string, minute: number) => ({
  id,
  at: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
  title: id,
  camera: null,
});

it("knows what the crew is doing", () => {
  const markers = [marker("hatch", 0), marker("pump", 30)];
  expect(currentMarker(markers, Date.UTC(2025, 0, 1))).toBeNull();
  expect(currentMarker(markers, Date.UTC(2026, 0, 1, 0, 10))?.id).toBe("hatch");
  expect(currentMarker(markers, Date.UTC(2026, 0, 1, 5))?.id).toBe("pump");
});

it("tells mission time, short times and how long ago", () => {
  const start = "2026-01-01T00:00:00Z";
  expect(formatMissionTime("2026-01-01T01:02:03Z", start)).toBe("T+01:02:03");
  expect(formatMissionTime("2025-12-31T23:59:00Z", start)).toBe("T−00:01:00");
  expect(formatMissionTime(start, null)).toBeNull();
  expect(formatMilliseconds(182.4, "en")).toBe("182 ms");
  expect(formatMilliseconds(1420, "de")).toBe("1,4 Sek.");
  const now = Date.parse("2026-01-01T02:00:00Z");
  expect(formatAgo("2026-01-01T01:58:00Z", "en", now)).toBe("2 minutes ago");
  expect(formatAgo("2026-01-01T02:00:01Z", "en", now)).toBe("now");
});
