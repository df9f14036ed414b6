/** The ticket to a closed broadcast, which travels in the fragment so that no server log ever sees it. */

/** The token in a fragment such as `#token=…`; null where there is none. Pure. */
export function tokenOf(fragment: string): string | null {
  return new URLSearchParams(fragment.replace(/^#/, "")).get("token");
}

/** Takes the token out of this page's address, where it should not stay. */
export function takeToken(): string | null {
  const token = tokenOf(location.hash);
  if (token !== null) {
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return token;
}
