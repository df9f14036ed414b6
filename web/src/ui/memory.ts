/** Small things that a browser keeps for its viewer: what they like, and nothing about them. */

/** What has been remembered; null where nothing has, or where the browser keeps nothing. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // A frame on another site, or a browser told to remember nothing.
  }
}

/** Remembers, where the browser lets us. */
export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // What cannot be kept is asked for again.
  }
}
