/** What a player has measured, drawn from WebRTC's report. Pure. */

import { isNumber, isRecord, isString } from "../protocol/guards.ts";

/** A player's figures; the counters grow from the beginning of the session. */
export interface PlayerStats {
  /** The engine that made them. */
  engine: string;
  camera: string | null;
  rendition: string | null;
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
  /** Round trip of the ICE pair in use, milliseconds, or null before it is known. */
  roundTripMs: number | null;
  audioPacketsReceived: number;
  audioPacketsLost: number;
  /** Energy of the sound so far; it grows while there is any to hear. */
  totalAudioEnergy: number;
}

type Entry = Readonly<Record<string, unknown>>;

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
  target: { camera: string | null; rendition: string | null },
): PlayerStats {
  const video = inbound(entries, "video");
  const audio = inbound(entries, "audio");
  const codec = entries.find((entry) => entry.id === video?.codecId)?.mimeType;
  const emitted = figure(video, "jitterBufferEmittedCount");
  return {
    engine: "whep",
    camera: target.camera,
    rendition: target.rendition,
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
    roundTripMs: roundTripMs(entries),
    audioPacketsReceived: figure(audio, "packetsReceived"),
    audioPacketsLost: figure(audio, "packetsLost"),
    totalAudioEnergy: figure(audio, "totalAudioEnergy"),
  };
}

function roundTripMs(entries: readonly Entry[]): number | null {
  const transport = entries.find((entry) => entry.type === "transport");
  const chosen = transport?.selectedCandidatePairId;
  const pair = entries.find((entry) => chosen !== undefined && entry.id === chosen);
  const seconds = pair?.currentRoundTripTime;
  return isNumber(seconds) ? seconds * 1000 : null;
}
