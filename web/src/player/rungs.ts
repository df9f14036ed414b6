/** What viewers read for the names of rungs. */

import { msg } from "@lit/localize";

/** The rung that is the camera's own picture, as it came. */
export const SOURCE = "source";

/** A rung's name; most say their size, as in 720p, and need no translation. */
export function rungName(name: string): string {
  return name === SOURCE ? msg("Original") : name;
}
