/** What a player has measured, drawn from WebRTC's report. Pure. */

import type { Rendition } from "../protocol/broadcast.ts";
import { isNumber, isRecord, isString } from "../protocol/guards.ts";

/** NTP counts from 1900, the rest of the world from 1970. */
const NTP_TO_UNIX_MS = 2_208_988_800_000;

/** A session's figures; the counters grow from its beginning. */
export interface SessionStats {
  /** When they were taken, on the clock of `performance.now()`. */
  atMs: number;
  /**
   * When the picture on screen was taken, on the sender's clock, milliseconds since 1970; null before
   * the first sender report.
   */
  capturedMs: number | null;
  /** The engine that made them. */
  engine: string;
  /** The camera that the session was made for. */
  camera: string | null;
  /** The video codec, such as `video/H264`. */
  codec: string | null;
  width: number;
  height: number;
  framesPerSecond: number;
  framesDecoded: number;
  keyFramesDecoded: number;
  framesDropped: number;
  packetsReceived: number;
  packetsLost: number;
  bytesReceived: number;
  nackCount: number;
  pliCount: number;
  freezeCount: number;
  /** All freezes together, milliseconds. */
  freezeMs: number;
  jitterMs: number;
  /** What the jitter buffer has held each frame back, milliseconds on average. */
  jitterBufferDelayMs: number;
  /** All that the jitter buffer has held back any frame, milliseconds; with {@link emitted}. */
  heldMs: number;
  /** Frames that have left the jitter buffer. */
  emitted: number;
  /** What decoding a frame takes, milliseconds on average. */
  decodeMs: number;
  /** Round trip of the ICE pair in use, milliseconds, or null before it is known. */
  roundTripMs: number | null;
  audioBytesReceived: number;
  audioPacketsReceived: number;
  audioPacketsLost: number;
  /** Energy of the sound so far; it grows while there is any to hear. */
  totalAudioEnergy: number;
}

/** A player's figures: its session's, and what they mean in the camera's ladder. */
export interface PlayerStats extends SessionStats {
  /** The rung that arrives; null where the picture has the size of none that is known. */
  rendition: string | null;
}

/**
 * The rung that a picture is of, by its height: what was asked for is a wish, which the relay grants
 * as far as the line allows.
 */
export function rungOf(height: number, ladder: readonly Rendition[]): string | null {
  return ladder.find((one) => one.height === height)?.name ?? null;
}

/** An entry of a WebRTC report. */
export type Counters = Readonly<Record<string, unknown>>;
type Entry = Counters;

/** The entries of a WebRTC report as plain records. */
export function entriesOf(report: RTCStatsReport): Entry[] {
  const entries: Entry[] = [];
  report.forEach((value: unknown) => {
    if (isRecord(value)) {
      entries.push(value);
    }
  });
  return entries;
}

/** The entry that describes the arriving video or sound. */
export function inbound(entries: readonly Entry[], kind: "video" | "audio"): Entry | undefined {
  return entries.find((entry) => entry.type === "inbound-rtp" && entry.kind === kind);
}

/** A figure of an entry, 0 where it is missing. */
export function figure(entry: Entry | undefined, name: string): number {
  const value = entry?.[name];
  return isNumber(value) ? value : 0;
}

/** Sums up a report. */
export function summarise(
  entries: readonly Entry[],
  camera: string | null,
  timeOrigin: number = performance.timeOrigin,
): SessionStats {
  const video = inbound(entries, "video");
  const audio = inbound(entries, "audio");
  const codec = entries.find((entry) => entry.id === video?.codecId)?.mimeType;
  const emitted = figure(video, "jitterBufferEmittedCount");
  const decoded = figure(video, "framesDecoded");
  return {
    atMs: figure(video, "timestamp") - timeOrigin,
    capturedMs: capturedMs(video, figure(video, "timestamp")),
    engine: "whep",
    camera,
    codec: isString(codec) ? codec : null,
    width: figure(video, "frameWidth"),
    height: figure(video, "frameHeight"),
    framesPerSecond: figure(video, "framesPerSecond"),
    framesDecoded: figure(video, "framesDecoded"),
    keyFramesDecoded: figure(video, "keyFramesDecoded"),
    framesDropped: figure(video, "framesDropped"),
    packetsReceived: figure(video, "packetsReceived"),
    packetsLost: figure(video, "packetsLost"),
    bytesReceived: figure(video, "bytesReceived"),
    nackCount: figure(video, "nackCount"),
    pliCount: figure(video, "pliCount"),
    freezeCount: figure(video, "freezeCount"),
    freezeMs: figure(video, "totalFreezesDuration") * 1000,
    jitterMs: figure(video, "jitter") * 1000,
    jitterBufferDelayMs: emitted === 0 ? 0 : (figure(video, "jitterBufferDelay") / emitted) * 1000,
    heldMs: figure(video, "jitterBufferDelay") * 1000,
    emitted,
    decodeMs: decoded === 0 ? 0 : (figure(video, "totalDecodeTime") / decoded) * 1000,
    roundTripMs: roundTripMs(entries),
    audioBytesReceived: figure(audio, "bytesReceived"),
    audioPacketsReceived: figure(audio, "packetsReceived"),
    audioPacketsLost: figure(audio, "packetsLost"),
    totalAudioEnergy: figure(audio, "totalAudioEnergy"),
  };
}

/**
 * The sender's time of what is being played, which Safari does not tell. Chromium counts it from 1900 as
 * NTP does, Firefox from 1970; the report's own time, from 1970 in both, tells which.
 */
function capturedMs(video: Entry | undefined, reportedMs: number): number | null {
  const playout = video?.estimatedPlayoutTimestamp;
  if (!isNumber(playout) || playout <= 0) {
    return null;
  }
  const fromNtp = playout - NTP_TO_UNIX_MS;
  return Math.abs(playout - reportedMs) < Math.abs(fromNtp - reportedMs) ? playout : fromNtp;
}

function roundTripMs(entries: readonly Entry[]): number | null {
  const transport = entries.find((entry) => entry.type === "transport");
  const chosen = transport?.selectedCandidatePairId;
  const pair = entries.find((entry) => chosen !== undefined && entry.id === chosen);
  const seconds = pair?.currentRoundTripTime;
  return isNumber(seconds) ? seconds * 1000 : null;
}
