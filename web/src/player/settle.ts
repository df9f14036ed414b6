/** The rules that follow from what a link knows: which session to show, make or end. Pure. */

import { backoffMs } from "../transport/backoff.ts";
import type { Draft, Moment, Track } from "./link.ts";
import { follow, Phase, Signal } from "./phase.ts";

/** A session without a packet for this long has lost its picture. */
export const STALL_MS = 1500;

/** Before that, its path is searched for: a router may have forgotten it, and nobody else would know. */
const SEARCH_MS = 300;

/** Packets of a picture that give none for this long are no use either. */
const BLIND_MS = 5000;

/**
 * Sound alone is what a relay sends where nothing more gets through, and to pages that are not to be
 * seen. It tries again within 16 s; after this long it must have forgotten the picture.
 */
const SOUND_ALONE_MS = 20_000;

/** A session that has had a packet within this time has recovered by itself. */
export const RECOVERED_MS = 500;

/** A camera that is said to be away is back once its pictures have come for this long. */
const FLOWS_MS = 1000;

/** A session that has lived for this long has shown that sessions are worth making. */
const PROVEN_MS = 10_000;

/** A new session's first packet is due in this time, doubled with each failure. */
const FIRST_PACKET_MS = 4000;

/** A new session's first picture is due in this time, however its packets flow. */
const FIRST_PICTURE_MS = 15_000;

/** Applies every rule once. */
export function settle(draft: Draft, moment: Moment): void {
  const end = finalSignal(draft);
  if (end !== null) {
    closeAll(draft);
    signal(draft, end);
    return;
  }
  promote(draft);
  giveUpOverdue(draft, moment);
  if (nothingToSee(draft)) {
    closeShown(draft);
    if (draft.camera === "down") {
      closeNext(draft);
    }
  }
  judge(draft, moment);
  open(draft, moment.nowMs);
}

function finalSignal(draft: Draft): Signal | null {
  if (!draft.wanted) {
    return Signal.Stop;
  }
  if (draft.ended) {
    return Signal.End;
  }
  return draft.refusal === null ? null : Signal.Refuse;
}

/** Puts the next session on screen once it has a picture, and only then ends the former one. */
function promote(draft: Draft): void {
  const { next } = draft;
  if (next === null || next.frames === 0) {
    return;
  }
  draft.effects.push({ kind: "show", id: next.id });
  closeShown(draft);
  draft.shown = next;
  draft.next = null;
  draft.notLive = false;
  draft.retryAtMs = null;
}

function giveUpOverdue(draft: Draft, moment: Moment): void {
  const { next } = draft;
  if (next === null || !isOverdue(next, draft.failures, moment.nowMs)) {
    return;
  }
  closeNext(draft);
  draft.failures += 1;
  draft.retryAtMs = moment.nowMs + backoffMs(draft.failures, moment.luck);
}

function isOverdue(next: Track, failures: number, nowMs: number): boolean {
  const age = nowMs - next.openedAtMs;
  if (next.packets === 0) {
    return age > Math.min(FIRST_PACKET_MS * 2 ** failures, FIRST_PICTURE_MS);
  }
  return nowMs - next.packetAtMs > STALL_MS || age > FIRST_PICTURE_MS;
}

/** The wanted camera has no picture, and what is on screen, if anything, is another camera's. */
function nothingToSee(draft: Draft): boolean {
  return (draft.camera === "down" || draft.notLive) && (draft.stale || draft.shown === null);
}

/** Finds out whether the picture on screen moves, and says so. */
function judge(draft: Draft, moment: Moment): void {
  const { shown } = draft;
  if (shown === null) {
    const waits = draft.camera === "down" || draft.notLive;
    signal(draft, draft.online ? (waits ? Signal.Wait : Signal.Connect) : Signal.Cut);
  } else if (isHealthy(shown, moment.nowMs) && !isReplay(draft, shown)) {
    takeWell(draft, shown, moment.nowMs);
    search(draft, shown, moment.nowMs);
    signal(draft, Signal.Picture);
  } else {
    takeLoss(draft, shown, moment);
    signal(draft, draft.online ? Signal.Silence : Signal.Cut);
  }
}

function search(draft: Draft, shown: Track, nowMs: number): void {
  const silent = nowMs - shown.packetAtMs >= SEARCH_MS;
  if (silent && !shown.searched && draft.camera !== "down") {
    draft.shown = { ...shown, searched: true };
    draft.effects.push({ kind: "search", id: shown.id });
  }
}

function takeWell(draft: Draft, shown: Track, nowMs: number): void {
  draft.lostSinceMs = null;
  if (nowMs - shown.openedAtMs > PROVEN_MS) {
    draft.failures = 0;
  }
  if (!draft.stale && nowMs - shown.packetAtMs < RECOVERED_MS) {
    closeNext(draft); // It was being made to replace a session that has come back.
    draft.retryAtMs = null;
  }
}

/**
 * Books the moment of a loss. The first is answered at once; sessions that keep dying young, as those
 * do that get nothing but a stream's last recorded seconds, are made at growing intervals.
 */
function takeLoss(draft: Draft, shown: Track, moment: Moment): void {
  if (draft.lostSinceMs !== null) {
    return;
  }
  draft.lostSinceMs = Math.min(shown.packetAtMs, shown.frameAtMs);
  if (moment.nowMs - shown.openedAtMs <= PROVEN_MS) {
    draft.retryAtMs ??= moment.nowMs + backoffMs(draft.failures, moment.luck);
    draft.failures += 1;
  }
}

function isHealthy(track: Track, nowMs: number): boolean {
  const pictured = nowMs - track.pictureAtMs < STALL_MS;
  return (
    !track.broken &&
    nowMs - track.packetAtMs < STALL_MS &&
    nowMs - track.frameAtMs < (pictured ? BLIND_MS : SOUND_ALONE_MS)
  );
}

/**
 * The picture was lost, and its camera is said to be away: a burst is the stream's last recorded
 * pictures, sent once more, and not its return.
 */
function isReplay(draft: Draft, { pictureAtMs, flowingSinceMs }: Track): boolean {
  const burst = pictureAtMs - flowingSinceMs < FLOWS_MS;
  return draft.camera === "down" && draft.lostSinceMs !== null && burst;
}

/**
 * Begins the next session where one is needed and its time has come. `navigator.onLine` is no reason
 * to hold back: a relay on this very machine is reachable without any network.
 */
function open(draft: Draft, nowMs: number): void {
  const served = draft.phase === Phase.Live && !draft.stale;
  const patient = draft.retryAtMs !== null && nowMs < draft.retryAtMs;
  if (served || draft.next !== null || draft.camera === "down" || patient) {
    return;
  }
  draft.lastId += 1;
  draft.retryAtMs = null;
  draft.next = {
    id: draft.lastId,
    openedAtMs: nowMs,
    packets: 0,
    packetAtMs: nowMs,
    pictures: 0,
    pictureAtMs: nowMs,
    flowingSinceMs: nowMs,
    searched: false,
    frames: 0,
    frameAtMs: nowMs,
    broken: false,
  };
  draft.effects.push({ kind: "open", id: draft.lastId });
  if (draft.shown === null) {
    // There is no picture to keep, so the first frame need not wait for our consent.
    draft.effects.push({ kind: "show", id: draft.lastId });
  }
}

function signal(draft: Draft, what: Signal): void {
  draft.phase = follow(draft.phase, what);
}

function closeNext(draft: Draft): void {
  if (draft.next !== null) {
    draft.effects.push({ kind: "close", id: draft.next.id });
    draft.next = null;
  }
}

function closeShown(draft: Draft): void {
  if (draft.shown !== null) {
    draft.effects.push({ kind: "close", id: draft.shown.id });
    draft.shown = null;
  }
  draft.stale = false;
  draft.lostSinceMs = null;
}

function closeAll(draft: Draft): void {
  closeNext(draft);
  closeShown(draft);
  draft.retryAtMs = null;
}
