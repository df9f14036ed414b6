import { expect, it } from "vitest";
import { bestOf, chartData, lonely, nearest } from "../../src/audience/curve-data.ts";

const point = (minute: number, average: number) => ({
  at: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
  count: 3,
  average,
});

it("draws a line through neighbouring stretches and breaks it over long silences", () => {
  const [times, averages] = chartData({
    bucket_s: 60,
    points: [point(0, 4), point(1, 5), point(30, 2)],
    moments: [],
  });
  expect(averages).toEqual([4, 5, null, 2]);
  expect(times).toEqual([...times].sort((one, other) => one - other));
});

it("finds the point nearest to a moment", () => {
  const [times] = chartData({ bucket_s: 60, points: [point(0, 4), point(1, 5)], moments: [] });
  expect(nearest(times, point(1, 5).at)).toBe(1);
  expect(nearest(times, "2020-01-01T00:00:00Z")).toBe(0);
});

it("marks the best loved moments, and the points to which no line leads", () => {
  const points = [point(0, 5), point(1, 2), point(30, 4), point(60, 2)];
  const series = { bucket_s: 60, points, moments: [point(0, 5), point(30, 4)] };
  const [, averages] = chartData(series);
  expect(averages).toEqual([5, 2, null, 4, null, 2]);
  expect(bestOf(series)).toEqual([5, null, null, 4, null, null]);
  expect(lonely(averages)).toEqual([3, 5]);
});
