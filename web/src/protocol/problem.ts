/** RFC 9457 problem details: the body of every error the API sends. */

import { type Guard, isNumber, isString, parseJson, shape } from "./guards.ts";

/** Why a request was refused. */
export interface Problem {
  /** A URI that names the kind of problem. */
  type: string;
  title: string;
  status: number;
  /** What went wrong this time, in words for people. */
  detail: string;
}

/** Recognises a {@link Problem}. */
export const isProblem: Guard<Problem> = shape<Problem>({
  type: isString,
  title: isString,
  status: isNumber,
  detail: isString,
});

/** Reads a body as problem details; null where it is something else. */
export function parseProblem(body: string): Problem | null {
  const value = parseJson(body);
  return isProblem(value) ? value : null;
}
