/** What the API says about broadcasts, in the API's own spelling. */

import {
  type Guard,
  isArrayOf,
  isBoolean,
  isCount,
  isMissingOr,
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
  /** What capture times go by: the camera's own clock, or the arrival at the relay. */
  clock?: "camera" | "arrival" | undefined;
  /** How the picture is laid out, `flat` for an ordinary one. */
  projection: string;
  /** The ladder, best rung first; empty while the camera is away. */
  renditions: Rendition[];
  /** There is no picture to wait for: what it sends cannot be shown. */
  no_picture?: boolean | undefined;
  /** When it was sent last, RFC 3339; null while it is, and where nobody knows. */
  seen_at?: string | null | undefined;
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

/** A way to follow the broadcast elsewhere, or somewhere to read on. */
export interface Link {
  label: string;
  /** An http or https address. */
  url: string;
  kind: "follow" | "link";
}

/** The music, and whose it is. */
export interface Soundtrack {
  title: string;
  writers: string[];
  performer: string | null;
  publisher: string | null;
  licence: string | null;
  /** Where it can be had. */
  url?: string | null | undefined;
}

/** A moment of the broadcast with a name. */
export interface Marker {
  id: string;
  /** RFC 3339. */
  at: string;
  title: string;
  /** The camera that shows it best, or null. */
  camera: string | null;
}

/** Who may write comments: everybody, everybody after approval, nobody. */
export type CommentPolicy = "open" | "approval" | "closed";

/** A broadcast as its page shows it. */
export interface Broadcast {
  /** The name in addresses. */
  slug: string;
  title: string;
  description: string;
  /** The language of whatever its makers have written, BCP 47; null where they do not say. */
  language?: string | null | undefined;
  state: BroadcastState;
  /** ISO 8601, or null where no start is set. */
  starts_at: string | null;
  /** RFC 3339, or null while it is not over. */
  ended_at: string | null;
  crew: CrewMember[];
  credits: Credit[];
  tags: string[];
  cameras: Camera[];
  /** The camera that the director has put on air, or null. */
  programme: string | null;
  /** How many are watching. */
  viewers: number;
  rating: Rating;
  links: Link[];
  soundtrack: Soundtrack | null;
  /** What the crew has done and is doing, in order of time. */
  markers: Marker[];
  comments: CommentPolicy;
  access: "open" | "closed";
  /** Only partners may embed it. */
  partners_only: boolean;
}

/** The `lang` of what a broadcast's makers have written; an empty text says that nobody knows. */
export function contentLanguage({ language }: Pick<Broadcast, "language">): string {
  return language ?? "";
}

/** Whether a broadcast can be rated: from its beginning on, and after its end. */
export function takesVotes({ state, starts_at: start }: Broadcast, nowMs: number): boolean {
  return state !== "before" || (start !== null && Date.parse(start) <= nowMs);
}

/** The path of a broadcast's live picture; null while there is none. */
export function stillOf({ slug, state, programme, cameras }: Broadcast): string | null {
  const shown = cameras.find((one) => one.id === programme);
  return state === "live" && (shown?.renditions.length ?? 0) > 0 ? `/b/${slug}/still.jpg` : null;
}

/** A broadcast that is like another one. */
export interface SimilarBroadcast {
  slug: string;
  title: string;
  /** The language of the title, BCP 47; null where its makers do not say. */
  language?: string | null | undefined;
  state: BroadcastState;
  starts_at: string | null;
  tags: string[];
  rating: Verdict;
  /** Where its live picture is, or null. */
  still?: string | null | undefined;
}

/** A rating as seen by nobody in particular. */
export interface Verdict {
  average: number | null;
  count: number;
}

/** The answer of `GET /api/v1/broadcasts`. */
export interface BroadcastList {
  broadcasts: Broadcast[];
}

/** Recognises a {@link BroadcastState}. */
export const isBroadcastState: Guard<BroadcastState> = isOneOf("before", "live", "ended");

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
  clock: isMissingOr(isOneOf("camera", "arrival")),
  projection: isString,
  renditions: isArrayOf(isRendition),
  no_picture: isMissingOr(isBoolean),
  seen_at: isMissingOr(isNullOr(isString)),
});

/** Recognises a {@link Rating}. */
export const isRating: Guard<Rating> = shape<Rating>({
  average: isNullOr(isNumber),
  count: isCount,
  yours: isNullOr(isNumber),
});

/** Recognises a {@link Marker}. */
export const isMarker: Guard<Marker> = shape<Marker>({
  id: isString,
  at: isString,
  title: isString,
  camera: isNullOr(isString),
});

const isLink = shape<Link>({
  label: isString,
  url: isString,
  kind: isOneOf("follow", "link"),
});

const isSoundtrack = shape<Soundtrack>({
  title: isString,
  writers: isArrayOf(isString),
  performer: isNullOr(isString),
  publisher: isNullOr(isString),
  licence: isNullOr(isString),
  url: isMissingOr(isNullOr(isString)),
});

/** Recognises a {@link Broadcast}. */
export const isBroadcast: Guard<Broadcast> = shape<Broadcast>({
  slug: isString,
  title: isString,
  description: isString,
  language: isMissingOr(isNullOr(isString)),
  state: isBroadcastState,
  starts_at: isNullOr(isString),
  ended_at: isNullOr(isString),
  crew: isArrayOf(shape<CrewMember>({ name: isString, role: isString })),
  credits: isArrayOf(shape<Credit>({ role: isString, name: isString })),
  tags: isArrayOf(isString),
  cameras: isArrayOf(isCamera),
  programme: isNullOr(isString),
  viewers: isCount,
  rating: isRating,
  links: isArrayOf(isLink),
  soundtrack: isNullOr(isSoundtrack),
  markers: isArrayOf(isMarker),
  comments: isOneOf("open", "approval", "closed"),
  access: isOneOf("open", "closed"),
  partners_only: isBoolean,
});

/** Recognises the answer of `GET …/similar`. */
export const isSimilar: Guard<{ broadcasts: SimilarBroadcast[] }> = shape<{
  broadcasts: SimilarBroadcast[];
}>({
  broadcasts: isArrayOf(
    shape<SimilarBroadcast>({
      slug: isString,
      title: isString,
      language: isMissingOr(isNullOr(isString)),
      state: isBroadcastState,
      starts_at: isNullOr(isString),
      tags: isArrayOf(isString),
      rating: shape<Verdict>({ average: isNullOr(isNumber), count: isCount }),
      still: isMissingOr(isNullOr(isString)),
    }),
  ),
});

/** Recognises a {@link BroadcastList}. */
export const isBroadcastList: Guard<BroadcastList> = shape<BroadcastList>({
  broadcasts: isArrayOf(isBroadcast),
});
