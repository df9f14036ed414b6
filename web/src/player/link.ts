/**
 * What a player knows of its sessions, and what can happen to them.
 *
 * A link holds at most two sessions: the one on screen and the next one, which is shown only once it
 * has a picture (make before break). Pure data: no clock, no timer, no network. `step.ts` moves it on.
 */

import { Phase } from "./phase.ts";

/** What is known of the camera from the events line. */
export type CameraKnowledge = "live" | "down" | "unknown";

/** Why a session could not be made, or was lost. */
export type Failure =
  /** The camera sends nothing at present (409). */
  | { kind: "not-live"; retryAfterMs: number | null }
  /** The server asks for patience (429, 503), or cannot be reached, or the connection broke. */
  | { kind: "trouble"; retryAfterMs: number | null }
  /** The server refuses, and would refuse again. */
  | { kind: "refused"; error: Error };

/** One session's counters, as last sampled. */
export interface Track {
  readonly id: number;
  readonly openedAtMs: number;
  /** Packets received, of picture and sound. */
  readonly packets: number;
  /** When `packets` last grew. */
  readonly packetAtMs: number;
  /** Packets received of the picture. */
  readonly pictures: number;
  /** When `pictures` last grew. */
  readonly pictureAtMs: number;
  /** Since when `pictures` has grown without a pause. */
  readonly flowingSinceMs: number;
  /** Frames decoded. */
  readonly frames: number;
  /** When `frames` last grew, or when nobody was looking. */
  readonly frameAtMs: number;
  /** Its path has been searched for anew since `packets` last grew. */
  readonly searched: boolean;
  /** Its connection has failed or its edge has died: it will not recover. */
  readonly broken: boolean;
}

/** Everything a player knows. */
export interface Link {
  readonly phase: Phase;
  /** The player is in use. */
  readonly wanted: boolean;
  readonly camera: CameraKnowledge;
  /** The broadcast is over. */
  readonly ended: boolean;
  readonly online: boolean;
  /** The session whose picture, moving or not, is on screen. */
  readonly shown: Track | null;
  /** The session being made. */
  readonly next: Track | null;
  /** The session on screen is of a camera or rung that is not wanted any more. */
  readonly stale: boolean;
  /** The server's last word was that the camera sends nothing. */
  readonly notLive: boolean;
  /** Sessions in a row that came to nothing. */
  readonly failures: number;
  /** No session is made before this moment. */
  readonly retryAtMs: number | null;
  /** When the last packet came, while pictures have stopped. */
  readonly lostSinceMs: number | null;
  /** The server's reason for refusing. */
  readonly refusal: Error | null;
  /** The last session's id. */
  readonly lastId: number;
}

/** What can happen. */
export type Input =
  | { kind: "start" }
  | { kind: "stop" }
  /** What is to be watched, or what is known of it, has changed. */
  | { kind: "target"; switched: boolean; camera: CameraKnowledge; ended: boolean }
  | { kind: "online" }
  | { kind: "offline" }
  /** Timers have stood still: the device slept, or the tab was hidden. */
  | { kind: "woke" }
  | { kind: "failed"; id: number; failure: Failure }
  | {
      kind: "sample";
      id: number;
      packets: number;
      /** Those of them that are the picture's; without it, all. */
      pictures?: number;
      frames: number;
      watching: boolean;
    }
  /** The events line says that the edge of this session has died. */
  | { kind: "edge-lost"; id: number }
  /** The viewer asks for another try. */
  | { kind: "retry" }
  | { kind: "tick" };

/** What is to be done about it. */
export type Effect =
  | { kind: "open"; id: number }
  | { kind: "show"; id: number }
  /** The session's path may be another one by now: search for it. */
  | { kind: "search"; id: number }
  | { kind: "close"; id: number };

/** What a step takes from outside itself. */
export interface Moment {
  /** Milliseconds of a clock that never steps back. */
  readonly nowMs: number;
  /** A random number from 0 to 1. */
  readonly luck: number;
}

/** A player that nobody has started. */
export const IDLE_LINK: Link = {
  phase: Phase.Idle,
  wanted: false,
  camera: "unknown",
  ended: false,
  online: true,
  shown: null,
  next: null,
  stale: false,
  notLive: false,
  failures: 0,
  retryAtMs: null,
  lostSinceMs: null,
  refusal: null,
  lastId: 0,
};

/** A link under change, with what its changes ask for. */
export type Draft = { -readonly [K in keyof Link]: Link[K] } & { effects: Effect[] };
