/** What two samples of a session's figures say about the time between them. Pure. */

import type { PlayerStats } from "./stats.ts";

/** A player's state of health. */
export interface Telemetry {
  /** The latest figures. */
  stats: PlayerStats;
  /** From the camera's shutter to this screen, milliseconds; null where it cannot be measured. */
  latencyMs: number | null;
  /** Bits a second, sound included. */
  receivedBps: number;
  /** The share of packets that were lost, 0 to 1. */
  loss: number;
  /** How long frames stood in the jitter buffer, milliseconds. */
  bufferMs: number;
}

/** What lies outside of this is a clock that is wrong, not a latency. */
const LATENCY_RANGE_MS = [-50, 120_000] as const;

/**
 * Compares two samples.
 *
 * @param former an earlier sample, or null at the beginning
 * @param stats the present one
 * @param serverMs the server's clock at a moment of `performance.now()`, where it is known
 */
export function measure(
  former: PlayerStats | null,
  stats: PlayerStats,
  serverMs: (nowMs: number) => number | null,
): Telemetry {
  // A new session counts from zero again, and then is its own past.
  const since = former !== null && former.bytesReceived <= stats.bytesReceived ? former : null;
  const bytes = stats.bytesReceived + stats.audioBytesReceived;
  const formerBytes = since === null ? bytes : since.bytesReceived + since.audioBytesReceived;
  const spanMs = since === null ? 0 : stats.atMs - since.atMs;
  return {
    stats,
    latencyMs: latencyOf(stats, serverMs),
    receivedBps: spanMs > 0 ? ((bytes - formerBytes) * 8000) / spanMs : 0,
    loss: lossOf(since, stats),
    bufferMs: bufferOf(since, stats),
  };
}

/**
 * The capture clock of the picture on screen now, microseconds since 1970; null without a picture.
 *
 * Where the browser does not tell the capture clock, only what was spent on this side of the relay is
 * taken off: the moment is then late by what camera and relay take, which matters little to a vote.
 * As a latency it would be wrong, and is shown nowhere.
 */
export function captureUs(telemetry: Telemetry | null, nowServerMs: number | null): number | null {
  if (telemetry === null || nowServerMs === null) {
    return null;
  }
  const { stats, bufferMs } = telemetry;
  const spentHereMs = bufferMs + stats.decodeMs + (stats.roundTripMs ?? 0) / 2;
  return Math.round((nowServerMs - (telemetry.latencyMs ?? spentHereMs)) * 1000);
}

function latencyOf(stats: PlayerStats, serverMs: (nowMs: number) => number | null): number | null {
  const server = serverMs(stats.atMs);
  if (server === null || stats.capturedMs === null) {
    return null;
  }
  const latency = server - stats.capturedMs;
  const [least, most] = LATENCY_RANGE_MS;
  return latency >= least && latency <= most ? Math.max(0, latency) : null;
}

function lossOf(former: PlayerStats | null, stats: PlayerStats): number {
  const lost = Math.max(0, stats.packetsLost - (former?.packetsLost ?? 0));
  const received = stats.packetsReceived - (former?.packetsReceived ?? 0);
  return lost + received === 0 ? 0 : lost / (lost + received);
}

function bufferOf(former: PlayerStats | null, stats: PlayerStats): number {
  const frames = stats.emitted - (former?.emitted ?? 0);
  return frames <= 0 ? stats.jitterBufferDelayMs : (stats.heldMs - (former?.heldMs ?? 0)) / frames;
}
