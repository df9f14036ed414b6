/** The messages of `WS /api/v1/broadcasts/{slug}/events`, both ways. */

import {
  type Broadcast,
  type BroadcastState,
  isBroadcast,
  isBroadcastState,
  isMarker,
  isRendition,
  type Marker,
  type Rendition,
} from "./broadcast.ts";
import { type Comment, isComment } from "./comment.ts";
import {
  type Guard,
  isArrayOf,
  isBoolean,
  isCount,
  isMissingOr,
  isNullOr,
  isNumber,
  isOneOf,
  isRecord,
  isString,
  parseJson,
  shape,
} from "./guards.ts";

/** The whole truth, sent first on every connection. */
export interface StateEvent {
  type: "state";
  broadcast: Broadcast;
}

/** Somebody has voted. */
export interface RatingEvent {
  type: "rating";
  average: number | null;
  count: number;
}

/** The number of viewers has changed. */
export interface ViewersEvent {
  type: "viewers";
  count: number;
}

/** The director has put another camera on air. */
export interface ProgrammeEvent {
  type: "programme";
  camera: string | null;
}

/** The broadcast has begun, or is over. */
export interface PhaseEvent {
  type: "phase";
  state: BroadcastState;
}

/** A camera has come, gone, or changed its ladder. */
export interface CameraEvent {
  type: "camera";
  id: string;
  live: boolean;
  clock?: "camera" | "arrival" | undefined;
  renditions: Rendition[];
  /** What it sends cannot be shown. */
  no_picture?: boolean | undefined;
  /** When it was sent last, RFC 3339. */
  seen_at?: string | null | undefined;
}

/**
 * An edge process has died; its players start new sessions at once. Where neither an edge nor a
 * session is named, every session is suspect.
 */
export interface EdgeLostEvent {
  type: "edge_lost";
  /** The edge that has died. */
  edge?: string | null | undefined;
  /** The one session concerned. */
  session?: string | null | undefined;
}

/** The answer to our clock message. */
export interface ClockEvent {
  type: "clock";
  /** The `t0` that we sent, milliseconds of our clock. */
  t0: number;
  /** The server's wall clock, microseconds since 1970. */
  server_us: number;
}

/** A marker has been set or changed. */
export interface MarkerEvent {
  type: "marker";
  marker: Marker;
}

/** A marker has been taken away. */
export interface MarkerRemovedEvent {
  type: "marker_removed";
  id: string;
}

/** The curve of ratings over time has changed. */
export interface RatingSeriesEvent {
  type: "rating_series";
}

/** A comment is new, or has changed. */
export interface CommentEvent {
  type: "comment";
  comment: Comment;
}

/** A comment has been taken away. */
export interface CommentRemovedEvent {
  type: "comment_removed";
  id: string;
}

/** Where the operator of a 360° camera is looking, for those who follow. */
export interface ViewEvent {
  type: "view";
  camera: string;
  /** Degrees to the right of the picture's middle. */
  yaw: number;
  /** Degrees above the horizon. */
  pitch: number;
  /** The vertical angle of view, degrees. */
  fov: number;
}

/** Another proof of the site that this page stands in; the one it came with is growing old. */
export interface TicketEvent {
  type: "ticket";
  ticket: string;
}

/** Everything the server may say. */
export type ServerEvent =
  | StateEvent
  | RatingEvent
  | ViewersEvent
  | ProgrammeEvent
  | PhaseEvent
  | CameraEvent
  | EdgeLostEvent
  | MarkerEvent
  | MarkerRemovedEvent
  | RatingSeriesEvent
  | CommentEvent
  | CommentRemovedEvent
  | ViewEvent
  | TicketEvent
  | ClockEvent;

/** Asks for the server's clock; the answer also proves that the line is up. */
export interface ClockMessage {
  type: "clock";
  t0: number;
}

/** What this page is watching and how well; said every ten seconds and upon every change. */
export interface WatchingMessage {
  type: "watching";
  /** The WHEP session's id. */
  session: string | null;
  camera: string | null;
  rendition: string | null;
  latency_ms: number | null;
  /** Freezes since the session began. */
  freezes: number;
  /** How long they took together. */
  frozen_ms: number;
  received_bps: number;
  /** The share of packets lost of late, 0 to 1. */
  loss: number;
  playing: boolean;
  /** Proof of the partner in whose site this page stands. */
  partner?: string;
}

type EventOf<K extends ServerEvent["type"]> = Extract<ServerEvent, { type: K }>;

const GUARDS: { [K in ServerEvent["type"]]: Guard<EventOf<K>> } = {
  state: shape<StateEvent>({ type: isOneOf("state"), broadcast: isBroadcast }),
  rating: shape<RatingEvent>({
    type: isOneOf("rating"),
    average: isNullOr(isNumber),
    count: isCount,
  }),
  viewers: shape<ViewersEvent>({ type: isOneOf("viewers"), count: isCount }),
  programme: shape<ProgrammeEvent>({ type: isOneOf("programme"), camera: isNullOr(isString) }),
  phase: shape<PhaseEvent>({ type: isOneOf("phase"), state: isBroadcastState }),
  camera: shape<CameraEvent>({
    type: isOneOf("camera"),
    id: isString,
    live: isBoolean,
    clock: isMissingOr(isOneOf("camera", "arrival")),
    renditions: isArrayOf(isRendition),
    no_picture: isMissingOr(isBoolean),
    seen_at: isMissingOr(isNullOr(isString)),
  }),
  edge_lost: shape<EdgeLostEvent>({
    type: isOneOf("edge_lost"),
    edge: isMissingOr(isNullOr(isString)),
    session: isMissingOr(isNullOr(isString)),
  }),
  marker: shape<MarkerEvent>({ type: isOneOf("marker"), marker: isMarker }),
  marker_removed: shape<MarkerRemovedEvent>({ type: isOneOf("marker_removed"), id: isString }),
  rating_series: shape<RatingSeriesEvent>({ type: isOneOf("rating_series") }),
  comment: shape<CommentEvent>({ type: isOneOf("comment"), comment: isComment }),
  comment_removed: shape<CommentRemovedEvent>({ type: isOneOf("comment_removed"), id: isString }),
  view: shape<ViewEvent>({
    type: isOneOf("view"),
    camera: isString,
    yaw: isNumber,
    pitch: isNumber,
    fov: isNumber,
  }),
  ticket: shape<TicketEvent>({ type: isOneOf("ticket"), ticket: isString }),
  clock: shape<ClockEvent>({ type: isOneOf("clock"), t0: isNumber, server_us: isNumber }),
};

const isKnownType = isOneOf(...(Object.keys(GUARDS) as ServerEvent["type"][]));

/**
 * Reads one message. Types that this page does not know and messages of a wrong shape give null:
 * a newer server may say more than an open page understands.
 */
export function parseEvent(text: string): ServerEvent | null {
  const value = parseJson(text);
  if (!isRecord(value) || !isKnownType(value.type)) {
    return null;
  }
  const guard: Guard<ServerEvent> = GUARDS[value.type];
  return guard(value) ? value : null;
}
