/** Where a picture's time goes between the shutter and the screen. Pure. */

import type { Camera } from "../protocol/broadcast.ts";
import type { Telemetry } from "./telemetry.ts";

/** Milliseconds each; together they are the whole. */
export interface LatencyParts {
  totalMs: number;
  /** The relay; before it the camera and its way there, where the camera's clock is known. */
  relayMs: number;
  /** The way from the relay to here: half a round trip. */
  networkMs: number;
  /** The jitter buffer. */
  bufferMs: number;
  decodeMs: number;
}

/**
 * Whether the latency counts from the camera's own clock. Otherwise nobody knows how long the picture
 * has been on its way before it reached the relay, and the latency counts from there.
 */
export function isFromCamera(
  offered: { readonly cameras: readonly Camera[] } | null,
  camera: string | null,
): boolean {
  return offered?.cameras.find(({ id }) => id === camera)?.clock === "camera";
}

/** Splits the latency; null while it is not measured. */
export function latencyParts(telemetry: Telemetry): LatencyParts | null {
  const { latencyMs: totalMs, stats } = telemetry;
  if (totalMs === null) {
    return null;
  }
  // What is measured here comes first; the rest has been spent before.
  const decodeMs = Math.min(stats.decodeMs, totalMs);
  const bufferMs = Math.min(telemetry.bufferMs, totalMs - decodeMs);
  const networkMs = Math.min((stats.roundTripMs ?? 0) / 2, totalMs - decodeMs - bufferMs);
  return {
    totalMs,
    relayMs: totalMs - decodeMs - bufferMs - networkMs,
    networkMs,
    bufferMs,
    decodeMs,
  };
}
