/** Well-formed values for the suites to bend. */

import type { Broadcast, Camera } from "../src/protocol/broadcast.ts";
import type { Comment } from "../src/protocol/comment.ts";

export function camera(patch: Partial<Camera> = {}): Camera {
  return {
    id: "helmet",
    name: "Helmet",
    live: true,
    projection: "flat",
    renditions: [{ name: "720p", width: 1280, height: 720, fps: 29.97, bitrate_bps: 2_500_000 }],
    ...patch,
  };
}

export function broadcast(patch: Partial<Broadcast> = {}): Broadcast {
  return {
    slug: "eva-demo",
    title: "EVA demo",
    description: "A walk.",
    state: "live",
    starts_at: "2026-03-01T12:00:00Z",
    ended_at: null,
    crew: [{ name: "A", role: "EV1" }],
    credits: [{ role: "Director", name: "B" }],
    tags: ["cooling"],
    cameras: [camera(), camera({ id: "drone", name: "Drone" })],
    programme: "helmet",
    viewers: 7,
    rating: { average: 4.2, count: 123, yours: null },
    links: [],
    soundtrack: null,
    markers: [],
    comments: "open",
    access: "open",
    partners_only: false,
    ...patch,
  };
}

/** One that stands for itself, whose text is its id. */
export function comment(id: string, atMs: number, patch: Partial<Comment> = {}): Comment {
  return {
    id,
    name: "A",
    text: id,
    at: new Date(atMs).toISOString(),
    moment: null,
    reply_to: null,
    pinned: false,
    edited: false,
    yours: false,
    editable_until: null,
    ...patch,
  };
}
