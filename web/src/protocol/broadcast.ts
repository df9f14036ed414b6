/** What the API says about broadcasts, in the API's own spelling. */

import {
  type Guard,
  isArrayOf,
  isBoolean,
  isCount,
  isNullOr,
  isNumber,
  isOneOf,
  isString,
  shape,
} from "./guards.ts";

/** Where a broadcast stands. */
export type BroadcastState = "before" | "live" | "ended";

/** One rung of a camera's ladder. */
export interface Rendition {
  /** The rung's name, unique in its camera, such as `720p`. */
  name: string;
  /** Pixels. */
  width: number;
  /** Pixels. */
  height: number;
  /** Frames a second. */
  fps: number;
  /** Bits a second. */
  bitrate_bps: number;
}

/** One camera of a broadcast. */
export interface Camera {
  /** The camera's slug. */
  id: string;
  /** The name people read. */
  name: string;
  /** True while pictures arrive. */
  live: boolean;
  /** How the picture is laid out, `flat` for an ordinary one. */
  projection: string;
  /** The ladder, best rung first; empty while the camera is away. */
  renditions: Rendition[];
}

/** The viewers' verdict. */
export interface Rating {
  /** 1 to 5, or null while nobody has voted. */
  average: number | null;
  /** How many votes there are. */
  count: number;
  /** This viewer's own vote, or null. */
  yours: number | null;
}

/** Somebody on the spacewalk. */
export interface CrewMember {
  name: string;
  role: string;
}

/** Somebody who made the broadcast. */
export interface Credit {
  role: string;
  name: string;
}

/** A broadcast as its page shows it. */
export interface Broadcast {
  /** The name in addresses. */
  slug: string;
  title: string;
  description: string;
  state: BroadcastState;
  /** ISO 8601, or null where no start is set. */
  starts_at: string | null;
  crew: CrewMember[];
  credits: Credit[];
  tags: string[];
  cameras: Camera[];
  /** The camera that the director has put on air, or null. */
  programme: string | null;
  /** How many are watching. */
  viewers: number;
  rating: Rating;
}

/** The answer of `GET /api/v1/broadcasts`. */
export interface BroadcastList {
  broadcasts: Broadcast[];
}

/** Recognises a {@link Rendition}. */
export const isRendition: Guard<Rendition> = shape<Rendition>({
  name: isString,
  width: isCount,
  height: isCount,
  fps: isNumber,
  bitrate_bps: isNumber,
});

/** Recognises a {@link Camera}. */
export const isCamera: Guard<Camera> = shape<Camera>({
  id: isString,
  name: isString,
  live: isBoolean,
  projection: isString,
  renditions: isArrayOf(isRendition),
});

/** Recognises a {@link Rating}. */
export const isRating: Guard<Rating> = shape<Rating>({
  average: isNullOr(isNumber),
  count: isCount,
  yours: isNullOr(isNumber),
});

/** Recognises a {@link Broadcast}. */
export const isBroadcast: Guard<Broadcast> = shape<Broadcast>({
  slug: isString,
  title: isString,
  description: isString,
  state: isOneOf("before", "live", "ended"),
  starts_at: isNullOr(isString),
  crew: isArrayOf(shape<CrewMember>({ name: isString, role: isString })),
  credits: isArrayOf(shape<Credit>({ role: isString, name: isString })),
  tags: isArrayOf(isString),
  cameras: isArrayOf(isCamera),
  programme: isNullOr(isString),
  viewers: isCount,
  rating: isRating,
});

/** Recognises a {@link BroadcastList}. */
export const isBroadcastList: Guard<BroadcastList> = shape<BroadcastList>({
  broadcasts: isArrayOf(isBroadcast),
});
