/** WHEP's three requests as this relay needs them: offer, answer, goodbye. */

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
  /** The session's own address, for the goodbye. */
  session: URL;
}

/** The endpoint that serves a target. */
export function whepUrl(target: WhepTarget, origin: string): URL {
  const url = new URL(`/whep/${encodeURIComponent(target.slug)}`, origin);
  if (target.camera !== null) {
    url.searchParams.set("camera", target.camera);
  }
  if (target.rendition !== null) {
    url.searchParams.set("rendition", target.rendition);
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
  return { sdp: await response.text(), session: new URL(location, response.url || endpoint) };
}

/**
 * Says goodbye. The request outlives the page, and its failure is of no consequence: the server ends
 * a session that stops answering consent checks.
 */
export function deleteSession(session: URL): void {
  fetch(session, { method: "DELETE", keepalive: true }).catch(() => undefined);
}
