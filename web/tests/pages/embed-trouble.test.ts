import { describe, expect, it } from "vitest";
import { troubleOf } from "../../src/pages/embed/empty.ts";
import { EMPTY_VIEW, reduce } from "../../src/store/reducer.ts";
import { broadcast } from "../fixtures.ts";

const failed = { type: "unloadable", error: new Error("away") } as const;

describe("what a frame tells of its broadcast", () => {
  it("is trouble while there is none", () => {
    expect(troubleOf(EMPTY_VIEW)).toBeNull();
    expect(troubleOf(reduce(EMPTY_VIEW, failed))).toBe("unloadable");
    expect(troubleOf(reduce(EMPTY_VIEW, { type: "closed" }))).toBe("closed");
  });

  it("is no trouble where one stays that cannot be read again", () => {
    const shown = reduce(EMPTY_VIEW, { type: "loaded", broadcast: broadcast() });
    expect(troubleOf(reduce(shown, failed))).toBeNull();
    expect(troubleOf(reduce(shown, { type: "gone" }))).toBe("gone");
  });
});
