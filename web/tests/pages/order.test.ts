import { describe, expect, it } from "vitest";
import { inOrder } from "../../src/pages/home/order.ts";
import { takesVotes } from "../../src/protocol/broadcast.ts";
import { broadcast } from "../fixtures.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");

function at(minutes: number): string {
  return new Date(NOW + minutes * 60_000).toISOString();
}

describe("the order of broadcasts", () => {
  it("puts what really sends before what is on air early, and before what is live without a camera", () => {
    const names = inOrder(
      [
        broadcast({ slug: "over", state: "ended", starts_at: at(-300) }),
        broadcast({ slug: "tomorrow", state: "before", starts_at: at(1440) }),
        broadcast({ slug: "early", state: "live", starts_at: at(10) }),
        broadcast({ slug: "soon", state: "before", starts_at: at(60) }),
        broadcast({ slug: "unplanned", state: "live", starts_at: null }),
        broadcast({ slug: "earlier", state: "live", starts_at: at(-200) }),
        broadcast({ slug: "latest", state: "live", starts_at: at(-20) }),
        broadcast({ slug: "silent", state: "live", starts_at: at(-5), programme: null }),
      ],
      NOW,
    ).map((one) => one.slug);
    expect(names).toEqual([
      "latest",
      "earlier",
      "unplanned",
      "early",
      "silent",
      "soon",
      "tomorrow",
      "over",
    ]);
  });
});

describe("votes", () => {
  it("are taken from the beginning on, and after the end", () => {
    expect(takesVotes(broadcast({ state: "before", starts_at: at(1) }), NOW)).toBe(false);
    expect(takesVotes(broadcast({ state: "before", starts_at: null }), NOW)).toBe(false);
    expect(takesVotes(broadcast({ state: "before", starts_at: at(0) }), NOW)).toBe(true);
    expect(takesVotes(broadcast({ state: "live", starts_at: at(1) }), NOW)).toBe(true);
    expect(takesVotes(broadcast({ state: "ended", starts_at: at(1) }), NOW)).toBe(true);
  });
});
