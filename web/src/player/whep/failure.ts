/** What an error on the way to a session means for the next try. */

import { HttpError } from "../../transport/errors.ts";
import type { Failure } from "../link.ts";

/** The browser has no decoder for what the server sends. */
export class UnplayableError extends Error {}

const TOO_MANY_REQUESTS = 429;
const CONFLICT = 409;
const TIMEOUT = 408;

/** Sorts an error. What is not the server's considered refusal is worth another try. */
export function failureOf(error: unknown): Failure {
  if (error instanceof UnplayableError) {
    return { kind: "refused", reason: error.message };
  }
  if (!(error instanceof HttpError)) {
    return { kind: "trouble", retryAfterMs: null };
  }
  if (error.status === CONFLICT) {
    return { kind: "not-live", retryAfterMs: error.retryAfterMs };
  }
  const passing = error.status >= 500 || [TIMEOUT, TOO_MANY_REQUESTS].includes(error.status);
  return passing
    ? { kind: "trouble", retryAfterMs: error.retryAfterMs }
    : { kind: "refused", reason: error.message };
}
