/** How news changes what a page knows of its broadcast. Pure. */

import type { Broadcast, Marker, Rating } from "../protocol/broadcast.ts";
import type { ServerEvent } from "../protocol/events.ts";
import type { Line } from "../transport/events-socket.ts";

/** What a vote is doing. */
export type VoteProgress =
  | { kind: "idle" }
  | { kind: "sending"; stars: number }
  | { kind: "counted" }
  | { kind: "refused"; error: Error };

/** What a broadcast's page knows. */
export interface BroadcastView {
  /** The broadcast, or null until the first answer. */
  readonly broadcast: Broadcast | null;
  /** Why there is no broadcast, or null. */
  readonly trouble: Error | null;
  /** The broadcast is closed, and this viewer has shown no ticket. */
  readonly closed: boolean;
  /** There is no such broadcast, or it has been deleted. */
  readonly gone: boolean;
  /** Whether news arrives. */
  readonly line: Line;
  /** What this viewer's vote is doing. */
  readonly vote: VoteProgress;
}

/** Something that the page has learnt. */
export type Action =
  | { type: "loaded"; broadcast: Broadcast }
  | { type: "unloadable"; error: Error }
  | { type: "closed" }
  | { type: "gone" }
  | { type: "line"; line: Line }
  | { type: "voting"; stars: number }
  | { type: "voted"; rating: Rating }
  | { type: "vote-refused"; error: Error }
  | { type: "event"; event: ServerEvent };

/** What a page knows at first. */
export const EMPTY_VIEW: BroadcastView = {
  broadcast: null,
  trouble: null,
  closed: false,
  gone: false,
  line: "connecting",
  vote: { kind: "idle" },
};

/** The view after an action; the same object where nothing has changed. */
export function reduce(view: BroadcastView, action: Action): BroadcastView {
  switch (action.type) {
    case "loaded":
      return { ...view, broadcast: action.broadcast, trouble: null, closed: false };
    case "unloadable":
      return { ...view, trouble: action.error };
    case "closed":
      return { ...view, broadcast: null, trouble: null, closed: true };
    case "gone":
      return { ...view, broadcast: null, trouble: null, closed: false, gone: true };
    case "line":
      return view.line === action.line ? view : { ...view, line: action.line };
    case "voting":
      return { ...view, vote: { kind: "sending", stars: action.stars } };
    case "voted":
      return change({ ...view, vote: { kind: "counted" } }, () => ({ rating: action.rating }));
    case "vote-refused":
      return { ...view, vote: { kind: "refused", error: action.error } };
    case "event":
      return reduceEvent(view, action.event);
  }
}

function reduceEvent(view: BroadcastView, event: ServerEvent): BroadcastView {
  switch (event.type) {
    case "state":
      return {
        ...view,
        broadcast: withOwnVote(event.broadcast, view.broadcast),
        trouble: null,
        closed: false,
      };
    case "rating":
      return change(view, ({ rating }) => ({
        rating: { average: event.average, count: event.count, yours: rating.yours },
      }));
    case "viewers":
      return change(view, () => ({ viewers: event.count }));
    case "programme":
      return change(view, () => ({ programme: event.camera }));
    case "phase":
      return change(view, () => ({ state: event.state }));
    case "camera":
      return change(view, ({ cameras }) => ({
        cameras: cameras.map((camera) =>
          camera.id === event.id
            ? {
                ...camera,
                live: event.live,
                clock: event.clock,
                renditions: event.renditions,
                no_picture: event.no_picture,
                seen_at: event.seen_at,
              }
            : camera,
        ),
      }));
    case "marker":
      return change(view, ({ markers }) => ({ markers: withMarker(markers, event.marker) }));
    case "marker_removed":
      return change(view, ({ markers }) => ({
        markers: markers.filter((one) => one.id !== event.id),
      }));
    case "edge_lost":
    case "clock":
    case "rating_series":
    case "comment":
    case "comment_removed":
    case "view":
    case "ticket":
      return view; // Others listen to these; nothing is kept here.
  }
}

/** Where cookies are kept from a frame, the line does not know whose it is; the page does. */
function withOwnVote(broadcast: Broadcast, former: Broadcast | null): Broadcast {
  const yours = broadcast.rating.yours ?? former?.rating.yours ?? null;
  return { ...broadcast, rating: { ...broadcast.rating, yours } };
}

function withMarker(markers: readonly Marker[], marker: Marker): Marker[] {
  const others = markers.filter((one) => one.id !== marker.id);
  return [...others, marker].sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

function change(
  view: BroadcastView,
  patch: (broadcast: Broadcast) => Partial<Broadcast>,
): BroadcastView {
  const { broadcast } = view;
  return broadcast === null ? view : { ...view, broadcast: { ...broadcast, ...patch(broadcast) } };
}
