/**
 * What the conductor asks of a way to bring pictures. WHEP is one; LL-HLS will be another.
 *
 * An engine knows its protocol and nothing of retries, phases or the page: it makes sessions, and a
 * session tells its counters and its end.
 */

import type { WhepTarget } from "../transport/whep.ts";
import type { Hints } from "./hints.ts";
import type { Failure } from "./link.ts";
import type { SessionStats } from "./stats.ts";

/** What is to be watched, and how. */
export interface Target extends WhepTarget {
  /** Its picture can be held back, and therefore comes no sooner than a jitter buffer lets it. */
  readonly holdable: boolean;
}

/** How far a session's pictures have come. */
export interface Progress {
  /** Packets of picture and sound, or what comes closest in the protocol. */
  packets: number;
  /** Those of them that are the picture's; without it, all. */
  pictures?: number;
  /** Frames decoded. */
  frames: number;
}

/** When a join reached each of its stations: `performance.now()`, or null while it has not. */
export interface Timings {
  /** The picture was asked for. */
  readonly clicked: number;
  /** The offer went out. */
  offer: number | null;
  /** The answer came. */
  answer: number | null;
  /** ICE and DTLS were done. */
  connected: number | null;
  /** The last packet of the first frame came. */
  firstPacket: number | null;
  /** The first frame was handed to the screen. */
  firstFrame: number | null;
}

/** One attempt to bring one camera's picture. It lives until `close`. */
export interface Session {
  readonly target: Target;
  readonly timings: Timings;
  /** Puts the picture on the element in place of the one it shows. Calling it again changes nothing. */
  show(video: HTMLVideoElement): void;
  /** Samples the counters. */
  progress(): Promise<Progress>;
  /** Everything measured so far. */
  stats(): Promise<SessionStats>;
  /** The session's name at the server; null before it has answered. */
  readonly name: string | null;
  /** Holds the picture back so that it stands in the jitter buffer for this long; null: no longer than needed. It takes a target that is `holdable`. */
  hold(ms: number | null): void;
  /** Tells the server how much of a picture is of use. */
  hint(hints: Hints): void;
  /** Tells the server that pictures queue up on their way, and come at this part of their speed. */
  slowed(pace: number): void;
  /** Searches for the path to the server anew: an address on it may be another one by now. */
  search(): void;
  /** Whether this is the session of that id, or one that the edge of that name holds (`edge.id`). */
  isCalled(name: string): boolean;
  /** Ends the session and says goodbye to the server. */
  close(): void;
}

/** What a session tells by itself. */
export interface SessionListener {
  /** Its first frame is on screen. */
  pictured(): void;
  /** It cannot be made, or has been lost. Told at most once. */
  failed(failure: Failure): void;
}

/** A way to bring pictures. */
export interface Engine {
  /** Begins a session and returns at once. */
  open(target: Target, hints: Hints, listener: SessionListener): Session;
}
