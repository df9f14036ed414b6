import { describe, expect, it } from "vitest";
import { trouble, wrongWishes } from "../../src/embed/trouble.ts";
import { broadcast, camera } from "../fixtures.ts";

describe("what is asked for and not there", () => {
  const { id, renditions } = camera();
  const rung = renditions?.[0]?.name ?? "";
  const wrong = (one: string | null, quality: string | null): (string | null)[] => [
    ...wrongWishes(broadcast(), one, quality).values(),
  ];

  it("is nothing where all is left to the relay, or is there", () => {
    expect(wrong(null, null)).toEqual([null, null]);
    expect(rung).not.toBe("");
    expect(wrong(id, rung)).toEqual([null, null]);
  });

  it("is a camera of another broadcast, and a quality that the camera does not have", () => {
    expect(wrong("elsewhere", null)).toEqual(["elsewhere", null]);
    expect(wrong(id, "9000p")).toEqual([null, "9000p"]);
  });

  it("is no quality of a camera that sends nothing: nobody knows it yet", () => {
    const silent = broadcast({ cameras: [camera({ renditions: [] })] });
    expect([...wrongWishes(silent, null, "9000p").values()]).toEqual([null, null]);
  });

  it("is told by a code, and in words that name it", () => {
    expect(trouble("unknown-camera", "elsewhere")).toEqual({
      code: "unknown-camera",
      message: '"elsewhere": The broadcast has no such camera; the programme is shown.',
    });
  });
});
