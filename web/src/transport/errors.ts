/**
 * What can go wrong on the way to the gateway.
 *
 *     TransportError
 *      ├─ HttpError          the gateway answered with an error status
 *      ├─ UnreachableError   no answer came: no network, refused, timed out
 *      └─ UnreadableError    an answer came that is not what the API promises
 */

import type { Problem } from "../protocol/problem.ts";

/** Anything that keeps a request from its answer. */
export class TransportError extends Error {}

/** The gateway answered with an error status. */
export class HttpError extends TransportError {
  constructor(
    /** The HTTP status. */
    readonly status: number,
    /** The problem details, where the body held some. */
    readonly problem: Problem | null,
    /** How long the server asks us to wait, milliseconds. */
    readonly retryAfterMs: number | null,
  ) {
    super(problem?.detail ?? `The server answered ${status}`);
  }
}

const PASSING = [408, 425, 429];

/** Another try may bring what this one has not: it was no considered refusal. */
export function isPassing(error: unknown): boolean {
  return !(error instanceof HttpError) || error.status >= 500 || PASSING.includes(error.status);
}

/** No answer came. */
export class UnreachableError extends TransportError {}

/** An answer came that is not what the API promises. */
export class UnreadableError extends TransportError {}
