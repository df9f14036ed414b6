/** The JSON that the gateway puts into a page, so that the first picture needs no request. */

import { type Guard, parseJson } from "../protocol/guards.ts";

/** Reads `<script type="application/json" id="eva-data">`; null where it is missing or unknown. */
export function readPageData<T>(guard: Guard<T>, root: Document = document): T | null {
  const value = parseJson(root.getElementById("eva-data")?.textContent ?? "");
  return guard(value) ? value : null;
}
