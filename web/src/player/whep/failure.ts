/** What an error on the way to a session means for the next try. */

import { HttpError, isPassing } from "../../transport/errors.ts";
import type { Failure } from "../link.ts";
import { UnplayableError } from "../unplayable.ts";

const CONFLICT = 409;

/** Sorts an error. What is not the server's considered refusal is worth another try. */
export function failureOf(error: unknown): Failure {
  if (error instanceof UnplayableError) {
    return { kind: "refused", error };
  }
  if (!(error instanceof HttpError)) {
    return { kind: "trouble", retryAfterMs: null };
  }
  if (error.status === CONFLICT) {
    return { kind: "not-live", retryAfterMs: error.retryAfterMs };
  }
  return isPassing(error)
    ? { kind: "trouble", retryAfterMs: error.retryAfterMs }
    : { kind: "refused", error };
}
