import { expect, it, vi } from "vitest";
import { explain } from "../../src/i18n/trouble.ts";
import { HttpError, UnreachableError, UnreadableError } from "../../src/transport/errors.ts";

vi.stubGlobal("document", { documentElement: { lang: "en" } });
vi.stubGlobal("navigator", { languages: ["en-GB"] });

function problem(status: number, kind: string, retryAfterMs: number | null = null): HttpError {
  const type = kind === "" ? "about:blank" : `urn:eva-relay:problem:${kind}`;
  return new HttpError(status, { type, title: "No", status, detail: "for authors" }, retryAfterMs);
}

it.each([
  [problem(401, "closed"), "It is open to those who come with an invitation."],
  [problem(403, "forged-viewer"), "This page is out of date. Reload it and try again."],
  [problem(403, "watch-first", 9000), "Watch a little longer, and vote then."],
  [problem(409, "comments-closed"), "Comments are closed."],
  [problem(403, "edit-time-over"), "The time for changes is over."],
  [problem(429, "too-often", 1500), "That was too often. Try again in 2 seconds."],
  [problem(429, "", 300_000), "That was too often. Try again in 5 minutes."],
  [problem(429, "too-often"), "That was too often. Wait a little."],
  [problem(422, ""), "The server does not take this. Check what you have entered."],
  [problem(403, "of-a-newer-server"), "The server does not allow this."],
  [problem(503, ""), "The server is in trouble. Try again in a moment."],
  [problem(418, ""), "The server has refused this."],
  [new UnreadableError("x"), "The server has answered something unknown. Reload the page."],
  [new TypeError("x"), "Something went wrong. Try again."],
])("says of %s: %s", (error, text) => {
  expect(explain(error)).toBe(text);
});

it("has no text of the server's in what it says", () => {
  expect(explain(new UnreachableError("for authors"))).not.toContain("for authors");
  for (const kind of ["blocked", "not-yours", "comment-hidden", "", "unheard-of"]) {
    expect(explain(problem(403, kind))).not.toContain("for authors");
  }
});
