import { expect, it } from "vitest";
import ladder from "../../../relay/media/ladder.py?raw";
import { rungName, SOURCE } from "../../src/player/rungs.ts";

it("names the camera's own picture in words, and the others by what they are", () => {
  expect(rungName(SOURCE)).toBe("Original");
  expect(rungName("720p")).toBe("720p");
});

it("knows the relay's name for it", () => {
  expect(ladder).toContain(`SOURCE: Final = "${SOURCE}"`);
});
