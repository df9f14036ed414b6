/** What time it is: by the server's clock as soon as anything tells it, until then by the device's. */

let server: () => number | null = () => null;

/**
 * Has all clocks of the page go by the server's.
 *
 * @param clock gives milliseconds since 1970, or null while it does not know
 */
export function tellTimeBy(clock: () => number | null): void {
  server = clock;
}

/** Milliseconds since 1970. */
export function now(): number {
  return server() ?? Date.now();
}
