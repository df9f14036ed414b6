import { expect, it } from "vitest";
import { EVERY_MS, stillAddress } from "../../src/ui/still-address.ts";

it("asks for one address as long as a picture is good, so that caches have it", () => {
  const at = 1000 * EVERY_MS;
  expect(stillAddress("/b/eva/still.jpg", at)).toBe("/b/eva/still.jpg?t=1000");
  expect(stillAddress("/b/eva/still.jpg", at + EVERY_MS - 1)).toBe("/b/eva/still.jpg?t=1000");
  expect(stillAddress("/b/eva/still.jpg?camera=drone", at + EVERY_MS)).toBe(
    "/b/eva/still.jpg?camera=drone&t=1001",
  );
});
