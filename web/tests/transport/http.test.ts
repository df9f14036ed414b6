import { afterEach, expect, it, vi } from "vitest";
import { isCount, shape } from "../../src/protocol/guards.ts";
import { HttpError, UnreachableError, UnreadableError } from "../../src/transport/errors.ts";
import { parseRetryAfter, request, requestJson } from "../../src/transport/http.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");

afterEach(() => vi.unstubAllGlobals());

function answerWith(response: Response): void {
  vi.stubGlobal("fetch", () => Promise.resolve(response));
  vi.stubGlobal("location", { href: "http://relay.test/" });
}

it.each([
  [null, null],
  ["", null],
  ["2", 2000],
  ["0", 0],
  ["-3", null],
  ["soon", null],
  ["Sun, 01 Mar 2026 12:00:05 GMT", 5000],
  ["Sun, 01 Mar 2026 11:00:00 GMT", 0],
])("reads Retry-After %s as %s", (header, expected) => {
  expect(parseRetryAfter(header, NOW)).toBe(expected);
});

it("turns an error status into an HttpError with its problem", async () => {
  const problem = { type: "about:blank", title: "Conflict", status: 409, detail: "Not live." };
  answerWith(
    new Response(JSON.stringify(problem), { status: 409, headers: { "Retry-After": "3" } }),
  );
  const error = await request("http://relay.test/x").catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HttpError);
  expect(error).toMatchObject({ status: 409, problem, retryAfterMs: 3000, message: "Not live." });
});

it("turns a lost network into an UnreachableError", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  await expect(request("http://relay.test/x")).rejects.toBeInstanceOf(UnreachableError);
});

it("gives JSON only once the guard has recognised it", async () => {
  const guard = shape<{ count: number }>({ count: isCount });
  answerWith(Response.json({ count: 3 }));
  await expect(requestJson("http://relay.test/x", guard)).resolves.toEqual({ count: 3 });
  answerWith(Response.json({ count: "3" }));
  await expect(requestJson("http://relay.test/x", guard)).rejects.toBeInstanceOf(UnreadableError);
  answerWith(new Response("<html>"));
  await expect(requestJson("http://relay.test/x", guard)).rejects.toBeInstanceOf(UnreadableError);
});
