import { expect, it } from "vitest";
import { ratingSummary, voteText } from "../../src/audience/rating-text.ts";
import { HttpError } from "../../src/transport/errors.ts";

it("invites the first vote", () => {
  const none = { average: null, count: 0, yours: null };
  expect(ratingSummary(none, "en")).toBe("No votes so far! Be the first");
  expect(voteText(none, { kind: "idle" })).toBe("");
});

it("sums up the votes", () => {
  expect(ratingSummary({ average: 4.2, count: 123, yours: null }, "en")).toBe(
    "Average 4.2 / 5, 123 votes",
  );
  expect(ratingSummary({ average: 5, count: 12_345, yours: null }, "en")).toBe(
    "Average 5.0 / 5, 12,345 votes",
  );
});

it("counts one vote as one", () => {
  expect(ratingSummary({ average: 4, count: 1, yours: 4 }, "en")).toBe("Average 4.0 / 5, 1 vote");
});

it("says what has become of one's own vote", () => {
  const rating = { average: 4, count: 2, yours: 1 };
  expect(voteText(rating, { kind: "idle" })).toBe("Your vote: 1 star. You can change it.");
  expect(voteText(rating, { kind: "sending", stars: 3 })).toBe("Sending your vote");
  expect(voteText(rating, { kind: "counted" })).toBe("Thank you! Your vote: 1 star.");
  expect(voteText(rating, { kind: "refused", error: new HttpError(429, null, null) })).toBe(
    "Your vote was not counted. That was too often. Wait a little.",
  );
});
