/** The messages of `WS /api/v1/broadcasts/{slug}/events`, both ways. */

import { type Broadcast, isBroadcast, isRendition, type Rendition } from "./broadcast.ts";
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

/** A camera has come, gone, or changed its ladder. */
export interface CameraEvent {
  type: "camera";
  id: string;
  live: boolean;
  renditions: Rendition[];
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

/** Everything the server may say. */
export type ServerEvent =
  | StateEvent
  | RatingEvent
  | ViewersEvent
  | ProgrammeEvent
  | CameraEvent
  | EdgeLostEvent
  | ClockEvent;

/** Asks for the server's clock; the answer also proves that the line is up. */
export interface ClockMessage {
  type: "clock";
  t0: number;
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
  camera: shape<CameraEvent>({
    type: isOneOf("camera"),
    id: isString,
    live: isBoolean,
    renditions: isArrayOf(isRendition),
  }),
  edge_lost: shape<EdgeLostEvent>({
    type: isOneOf("edge_lost"),
    edge: isMissingOr(isNullOr(isString)),
    session: isMissingOr(isNullOr(isString)),
  }),
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
