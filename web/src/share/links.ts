/** What is handed on when a broadcast is shared. Pure. */

import { escapeAttribute } from "../text/escape.ts";

/** What a frame's page has to allow the player in it; `embed.js`, `relay/gateway/embed.py` and README say
 *  the same, which tests hold them to. */
export const FRAME_ALLOW =
  "autoplay; fullscreen; picture-in-picture; screen-wake-lock; gyroscope; accelerometer; " +
  "local-network; loopback-network; local-network-access";

/** The page's address, at a moment if one is given (RFC 3339, to the second). */
export function pageLink(origin: string, slug: string, at: string | null): string {
  const url = new URL(`/b/${encodeURIComponent(slug)}`, origin);
  if (at !== null) {
    url.searchParams.set("at", at);
  }
  return url.href;
}

/** A moment to the second, as links carry it. */
export function linkMoment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** The moment that a page's address points to, milliseconds since 1970, or null. */
export function sharedMoment(address: string): number | null {
  const at = Date.parse(new URL(address).searchParams.get("at") ?? "");
  return Number.isNaN(at) ? null : at;
}

/** The HTML of an embedded player, as a frame. */
export function frameCode(origin: string, slug: string, title: string): string {
  const src = new URL(`/embed/${encodeURIComponent(slug)}`, origin).href;
  return (
    `<iframe src="${escapeAttribute(src)}" title="${escapeAttribute(title)}" width="640" height="360"\n` +
    '  style="border:0;aspect-ratio:16/9;width:100%;height:auto"\n' +
    `  allow="${FRAME_ALLOW}"></iframe>`
  );
}

/** The HTML of an embedded player, as an element that can be spoken to. */
export function elementCode(origin: string, slug: string): string {
  const loader = new URL("/embed.js", origin).href;
  const src = new URL(`/b/${encodeURIComponent(slug)}`, origin).href;
  return (
    `<script src="${escapeAttribute(loader)}" async></script>\n` +
    `<eva-player src="${escapeAttribute(src)}"></eva-player>`
  );
}
