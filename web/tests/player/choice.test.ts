import { describe, expect, it } from "vitest";
import { inOrder } from "../../src/pages/home/order.ts";
import {
  cameraKnowledge,
  choiceOf,
  lowestRung,
  nextCamera,
  nextLayout,
  smallCameras,
  wantedCamera,
  wayBack,
} from "../../src/player/choice.ts";
import { broadcast, camera } from "../fixtures.ts";

describe("wantedCamera", () => {
  const show = broadcast({ programme: "drone" });

  it("takes the viewer's choice before the director's", () => {
    expect(wantedCamera(show, "helmet")?.id).toBe("helmet");
    expect(wantedCamera(show, null)?.id).toBe("drone");
    expect(wantedCamera(show, "gone")?.id).toBe("drone");
  });

  it("takes the first live camera where nobody has chosen", () => {
    const cameras = [camera({ id: "a", live: false }), camera({ id: "b" })];
    expect(wantedCamera(broadcast({ programme: null, cameras }), null)?.id).toBe("b");
    expect(wantedCamera(broadcast({ programme: null, cameras: [] }), null)).toBeNull();
  });

  it("follows the programme again once the camera on air is chosen", () => {
    expect(choiceOf(show, "helmet")).toBe("helmet");
    expect(choiceOf(show, "drone")).toBeNull();
  });
});

it("leads back to the programme from another camera, while there is a picture", () => {
  const show = broadcast({ programme: "drone" });
  expect(wayBack(show, "helmet")).toBe("drone");
  expect(wayBack(show, "drone")).toBeNull();
  expect(wayBack({ ...show, programme: null }, "helmet")).toBeNull();
  const dark = { ...show, cameras: [camera({ id: "drone", live: false })] };
  expect(wayBack(dark, "helmet")).toBeNull();
  expect(wayBack(null, "helmet")).toBeNull();
});

it("believes nothing of a camera while no news comes", () => {
  expect(cameraKnowledge(camera(), "open", "live")).toBe("live");
  expect(cameraKnowledge(camera({ live: false }), "connecting", "live")).toBe("down");
  expect(cameraKnowledge(camera(), "down", "live")).toBe("unknown");
  expect(cameraKnowledge(camera(), "open", "before")).toBe("down");
  expect(cameraKnowledge(camera(), "down", "before")).toBe("down");
  expect(cameraKnowledge(null, "open", "live")).toBe("down");
});

it("orders live before upcoming before ended", () => {
  const list = [
    broadcast({ slug: "old", state: "ended", starts_at: "2025-01-01T00:00:00Z" }),
    broadcast({ slug: "recent", state: "ended", starts_at: "2026-01-01T00:00:00Z" }),
    broadcast({ slug: "someday", state: "before", starts_at: null }),
    broadcast({ slug: "later", state: "before", starts_at: "2027-01-01T00:00:00Z" }),
    broadcast({ slug: "next", state: "before", starts_at: "2026-06-01T00:00:00Z" }),
    broadcast({ slug: "now", state: "live" }),
  ];
  expect(inOrder(list, Date.parse("2026-03-01T13:00:00Z")).map((one) => one.slug)).toEqual([
    "now",
    "next",
    "later",
    "someday",
    "recent",
    "old",
  ]);
});

describe("several cameras", () => {
  const cameras = ["a", "b", "c"].map((id) => camera({ id, live: id !== "c" }));

  it("shows the other live ones small, as many as the layout has places", () => {
    const ids = (layout: "single" | "side" | "pip" | "grid") =>
      smallCameras(cameras, "a", layout).map((one) => one.id);
    expect(ids("single")).toEqual([]);
    expect(ids("side")).toEqual(["b"]);
    expect(ids("pip")).toEqual(["b"]);
    expect(ids("grid")).toEqual(["b"]);
    expect(smallCameras(cameras, "b", "grid").map((one) => one.id)).toEqual(["a"]);
  });

  it("takes the cheapest rung for small pictures", () => {
    const rung = (name: string, bitrate_bps: number) => ({
      name,
      width: 1,
      height: 1,
      fps: 30,
      bitrate_bps,
    });
    expect(lowestRung(camera({ renditions: [rung("a", 9), rung("b", 2), rung("c", 5)] }))).toBe(
      "b",
    );
    expect(lowestRung(camera({ renditions: [] }))).toBeNull();
  });

  it("walks through live cameras and layouts, round and round", () => {
    expect(nextCamera(cameras, "a", 1)?.id).toBe("b");
    expect(nextCamera(cameras, "b", 1)?.id).toBe("a");
    expect(nextCamera(cameras, "a", -1)?.id).toBe("b");
    expect(nextCamera(cameras.slice(0, 1), "a", 1)).toBeNull();
    expect(nextLayout("grid")).toBe("single");
  });
});
