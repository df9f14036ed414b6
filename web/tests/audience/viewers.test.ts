import { expect, it } from "vitest";
import { viewersText } from "../../src/audience/viewers.ts";

it.each([
  ["en", 0, "0 viewers"],
  ["en", 1, "1 viewer"],
  ["en", 1284, "1,284 viewers"],
  ["fr", 0, "0 viewer"],
  ["de", 0, "0 viewers"],
  ["es", 1_000_000, "1.000.000 viewers"],
])("takes the plural of %s for %i", (language, count, text) => {
  expect(viewersText(count, language)).toBe(text);
});
