import { expect, it } from "vitest";
import { voteBody } from "../../src/audience/vote.ts";

it("names the moment and the session, as far as they are known", () => {
  const watched = { capturedUs: 1_700_000_000_000_000, session: "edge-0.abc" };
  expect(voteBody(4, watched)).toEqual({
    stars: 4,
    at_us: 1_700_000_000_000_000,
    session: "edge-0.abc",
  });
  expect(voteBody(4, { ...watched, capturedUs: null })).toEqual({
    stars: 4,
    session: "edge-0.abc",
  });
  expect(voteBody(4, { ...watched, session: null })).not.toHaveProperty("session");
  expect(voteBody(4, null)).toEqual({ stars: 4 });
});
