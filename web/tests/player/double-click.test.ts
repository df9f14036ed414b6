import { describe, expect, it } from "vitest";
import { ClickPairs } from "../../src/player/double-click.ts";

describe("ClickPairs", () => {
  it("lets single clicks be what they are", () => {
    const pairs = new ClickPairs();
    expect(pairs.take(1, true, false)).toEqual({ kind: "pass" });
    expect(pairs.take(1, true, true)).toEqual({ kind: "pass" });
    expect(pairs.take(0, false, true)).toEqual({ kind: "pass" });
  });

  it.each([true, false])("restores a picture that was paused: %s", (paused) => {
    const pairs = new ClickPairs();
    pairs.take(1, true, paused);
    // The first click has changed it, and has put a button where the second arrives.
    expect(pairs.take(2, false, !paused)).toEqual({ kind: "full", paused });
    expect(pairs.take(3, true, paused)).toEqual({ kind: "swallow" });
  });

  it("leaves quick clicks on a button to the button", () => {
    const pairs = new ClickPairs();
    pairs.take(1, true, false);
    pairs.take(1, false, false);
    expect(pairs.take(2, true, false)).toEqual({ kind: "pass" });
    expect(pairs.take(3, true, false)).toEqual({ kind: "pass" });
  });
});
