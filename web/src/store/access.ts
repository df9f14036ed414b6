/** The ticket to a closed broadcast, which travels in the fragment so that no server log ever sees it. */

/** See the module's header. */
export interface Ticket {
  readonly token: string;
  /**
   * Takes it out of this page's address, where it should not stay. Until the server has answered it
   * does stay: a reload is a reader's way to try again.
   */
  spend(): void;
}

/** The token in a fragment such as `#token=…`; null where there is none. Pure. */
export function tokenOf(fragment: string): string | null {
  return new URLSearchParams(fragment.replace(/^#/, "")).get("token");
}

/** The ticket in this page's address; null where there is none. */
export function ticketHere(): Ticket | null {
  const token = tokenOf(location.hash);
  const spend = (): void =>
    history.replaceState(history.state, "", location.pathname + location.search);
  return token === null ? null : { token, spend };
}
