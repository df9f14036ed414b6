/** One request, one checked answer; every failure becomes a {@link TransportError}. */

import { type Guard, parseJson } from "../protocol/guards.ts";
import { parseProblem } from "../protocol/problem.ts";
import { HttpError, UnreachableError, UnreadableError } from "./errors.ts";

/** Reads `Retry-After`, seconds or an HTTP date, as milliseconds from `nowMs`. */
export function parseRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null || value.trim() === "") {
    return null;
  }
  const seconds = Number(value);
  if (Number.isFinite(seconds)) {
    return seconds >= 0 ? seconds * 1000 : null;
  }
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

let viewer: string | null = null;
let grant: string | null = null;

/**
 * Names the viewer in a header from now on. An embedded page does so where the browser keeps its
 * cookies from it; the name is signed, and the page that carries it belongs to this viewer alone.
 */
export function identifyAs(signedViewer: string | null): void {
  viewer = signedViewer;
}

/** Shows what opens a closed broadcast from now on, as the browser may keep no cookie of it. */
export function enterWith(given: string): void {
  grant = given;
}

/** The protocols to offer with a WebSocket: it has no headers, so the grant goes along as one. */
export function socketProtocols(): string[] {
  return grant === null ? [] : ["eva-access", grant];
}

function withProofs(init: RequestInit): RequestInit {
  const proofs = {
    ...(viewer === null ? {} : { "Eva-Viewer": viewer }),
    ...(grant === null ? {} : { "Eva-Access": grant }),
  };
  return { ...init, headers: { ...init.headers, ...proofs } };
}

/** Sends a request and gives the response if its status says success. */
export async function request(url: string | URL, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, withProofs(init));
  } catch (cause) {
    throw new UnreachableError("The server cannot be reached", { cause });
  }
  if (!response.ok) {
    const problem = parseProblem(await response.text().catch(() => ""));
    const retryAfter = parseRetryAfter(response.headers.get("Retry-After"), Date.now());
    throw new HttpError(response.status, problem, retryAfter);
  }
  return response;
}

/** Sends a request and gives its JSON answer once `guard` has recognised it. */
export async function requestJson<T>(
  url: string | URL,
  guard: Guard<T>,
  init: RequestInit = {},
): Promise<T> {
  return readJson(await request(url, init), guard);
}

/** The JSON of a response once `guard` has recognised it. */
export async function readJson<T>(response: Response, guard: Guard<T>): Promise<T> {
  const value = parseJson(await response.text().catch(() => ""));
  if (!guard(value)) {
    throw new UnreadableError(
      `The answer from ${new URL(response.url, location.href).pathname} is unknown`,
    );
  }
  return value;
}
