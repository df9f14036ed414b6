/** WHEP's requests as this relay needs them: offer, hints, ICE restart, goodbye. */

import { UnreadableError } from "./errors.ts";
import { request } from "./http.ts";

/** What is to be watched. */
export interface WhepTarget {
  /** The broadcast's slug. */
  slug: string;
  /** A camera's id; without it the server takes the programme. */
  camera: string | null;
  /** A rung's name; without it the server chooses. */
  rendition: string | null;
}

/** The server's half of a session. */
export interface WhepAnswer {
  /** The SDP answer; it carries all the server's candidates. */
  sdp: string;
  /** The session's own address, for all that follows. */
  session: URL;
  /** Names the present ICE session; null where the server keeps it. */
  etag: string | null;
}

/** What the server is told of how much picture is of use, and gets through; what is left out stays as it is. */
export interface WhepHints {
  height?: number | null;
  hidden?: boolean;
  data_saver?: boolean;
  /** Pictures queue up on their way, and come at this part of their speed. */
  pace?: number;
}

/** The endpoint that serves a target. */
export function whepUrl(target: WhepTarget, origin: string, hints: WhepHints = {}): URL {
  const url = new URL(`/whep/${encodeURIComponent(target.slug)}`, origin);
  if (target.camera !== null) {
    url.searchParams.set("camera", target.camera);
  }
  if (target.rendition !== null) {
    url.searchParams.set("rendition", target.rendition);
  }
  for (const [name, value] of Object.entries(hints)) {
    if (value !== null && value !== false) {
      url.searchParams.set(name, String(value));
    }
  }
  return url;
}

/** Sends the offer. The server holds a session from the moment it answers. */
export async function postOffer(endpoint: URL, sdp: string): Promise<WhepAnswer> {
  const response = await request(endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/sdp", Accept: "application/sdp" },
    body: sdp,
  });
  const location = response.headers.get("Location");
  if (location === null) {
    throw new UnreadableError("The session has no address");
  }
  return {
    sdp: await response.text(),
    session: new URL(location, response.url || endpoint),
    etag: response.headers.get("ETag"),
  };
}

/** Tells the server how much picture is of use, or gets through. It does as well without. */
export function patchHints(session: URL, hints: WhepHints): void {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(hints);
  request(session, { method: "PATCH", headers, body }).catch(() => undefined);
}

/** Takes credentials of a new ICE session to the server (RFC 9725, section 4.3.2); gives its own. */
export async function patchIce(
  session: URL,
  fragment: string,
  etag: string | null,
): Promise<{ fragment: string; etag: string | null }> {
  const response = await request(session, {
    method: "PATCH",
    headers: { "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": etag ?? "*" },
    body: fragment,
  });
  return { fragment: await response.text(), etag: response.headers.get("ETag") };
}

/**
 * Says goodbye. The request outlives the page, and its failure is of no consequence: the server ends
 * a session that stops answering consent checks.
 */
export function deleteSession(session: URL): void {
  fetch(session, { method: "DELETE", keepalive: true }).catch(() => undefined);
}
