import { expect, it } from "vitest";
import { DraftKey } from "../../src/transport/draft-key.ts";

it("is the same for each try of a draft and another for every other draft", () => {
  const key = new DraftKey();
  const first = key.of({ text: "a" });
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(key.of({ text: "a" })).toBe(first);
  const other = key.of({ text: "b" });
  expect(other).not.toBe(first);
  key.done();
  expect(key.of({ text: "b" })).not.toBe(other);
  expect(new DraftKey().of({ text: "a" })).not.toBe(first);
});
