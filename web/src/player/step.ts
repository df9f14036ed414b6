/** One step of a link: take in what happened, then settle what follows from it. Pure. */

import { backoffMs } from "../transport/backoff.ts";
import type { Draft, Effect, Failure, Input, Link, Moment, Track } from "./link.ts";
import { RECOVERED_MS, STALL_MS, settle } from "./settle.ts";

/** After a sleep a session has this long to prove that it still delivers. */
const PROOF_MS = 500;

/** How soon a silent camera is asked for again where the server gives no hint. */
const NOT_LIVE_RETRY_MS = 2000;

/** The link after an input, and what is to be done. */
export function step(link: Link, input: Input, moment: Moment): { link: Link; effects: Effect[] } {
  const draft: Draft = { ...link, effects: [] };
  takeIn(draft, input, moment);
  settle(draft, moment);
  const { effects, ...after } = draft;
  return { link: after, effects };
}

function takeIn(draft: Draft, input: Input, moment: Moment): void {
  switch (input.kind) {
    case "start":
      draft.wanted = true;
      beQuick(draft);
      break;
    case "stop":
      draft.wanted = false;
      break;
    case "target":
      takeTarget(draft, input);
      break;
    case "online":
      draft.online = true;
      beQuick(draft);
      askForProof(draft, moment.nowMs);
      break;
    case "offline":
      draft.online = false;
      break;
    case "woke":
      askForProof(draft, moment.nowMs);
      break;
    case "failed":
      takeFailure(draft, input.id, input.failure, moment);
      break;
    case "sample":
      draft.shown = sampled(draft.shown, input, moment.nowMs);
      draft.next = sampled(draft.next, input, moment.nowMs);
      break;
    case "edge-lost":
      takeEdgeLost(draft, input.id);
      break;
    case "retry":
      beQuick(draft);
      break;
    case "tick":
      break;
  }
}

function takeTarget(draft: Draft, input: Extract<Input, { kind: "target" }>): void {
  const cameIn = input.camera === "live" && draft.camera !== "live";
  const reopened = draft.ended && !input.ended;
  draft.camera = input.camera;
  draft.ended = input.ended;
  if (input.switched) {
    draft.stale = draft.shown !== null;
    dropNext(draft);
  }
  if (input.switched || cameIn || reopened) {
    draft.notLive = false;
    beQuick(draft);
  }
}

/** Forgets past failures: what has just happened is a reason to try at once. */
function beQuick(draft: Draft): void {
  draft.failures = 0;
  draft.retryAtMs = null;
  draft.refusal = null;
}

/** Leaves a session that has been silent over a sleep just enough time to speak up. */
function askForProof(draft: Draft, nowMs: number): void {
  if (draft.shown !== null) {
    const packetAtMs = Math.max(draft.shown.packetAtMs, nowMs - STALL_MS + PROOF_MS);
    draft.shown = { ...draft.shown, packetAtMs, frameAtMs: nowMs };
  }
  if (draft.next !== null) {
    draft.next = { ...draft.next, openedAtMs: nowMs };
  }
}

function takeEdgeLost(draft: Draft, id: number): void {
  if (draft.shown?.id === id) {
    draft.shown = { ...draft.shown, broken: true };
  } else if (draft.next?.id === id) {
    dropNext(draft);
  }
}

function dropNext(draft: Draft): void {
  if (draft.next !== null) {
    draft.effects.push({ kind: "close", id: draft.next.id });
    draft.next = null;
  }
}

/** Books a session's end; {@link settle} decides what follows. */
function takeFailure(draft: Draft, id: number, failure: Failure, moment: Moment): void {
  if (draft.shown?.id === id) {
    draft.shown = { ...draft.shown, broken: true };
    return;
  }
  if (draft.next?.id !== id) {
    return; // The goodbye of a session that is not ours any more.
  }
  dropNext(draft);
  if (failure.kind === "refused") {
    draft.refusal = failure.error;
    return;
  }
  draft.failures += 1;
  draft.notLive = failure.kind === "not-live";
  const patience = draft.notLive ? NOT_LIVE_RETRY_MS : backoffMs(draft.failures, moment.luck);
  draft.retryAtMs = moment.nowMs + Math.max(failure.retryAfterMs ?? 0, patience);
}

function sampled(
  track: Track | null,
  sample: Extract<Input, { kind: "sample" }>,
  nowMs: number,
): Track | null {
  if (track === null || track.id !== sample.id) {
    return track;
  }
  const framesGrew = sample.frames > track.frames;
  const packetsGrew = sample.packets > track.packets || framesGrew;
  const pictures = sample.pictures ?? sample.packets;
  const paused = nowMs - track.pictureAtMs > RECOVERED_MS;
  return {
    ...track,
    packets: Math.max(sample.packets, track.packets),
    packetAtMs: packetsGrew ? nowMs : track.packetAtMs,
    pictures: Math.max(pictures, track.pictures),
    pictureAtMs: pictures > track.pictures ? nowMs : track.pictureAtMs,
    flowingSinceMs: pictures > track.pictures && paused ? nowMs : track.flowingSinceMs,
    searched: track.searched && !packetsGrew,
    frames: Math.max(sample.frames, track.frames),
    frameAtMs: framesGrew || !sample.watching ? nowMs : track.frameAtMs,
  };
}
