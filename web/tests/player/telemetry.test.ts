import { describe, expect, it } from "vitest";
import { watchingMessage } from "../../src/player/heartbeat.ts";
import { latencyParts } from "../../src/player/latency-parts.ts";
import { type PlayerStats, summarise } from "../../src/player/stats.ts";
import { captureUs, measure } from "../../src/player/telemetry.ts";
import { ClockSync } from "../../src/store/clock-sync.ts";

const BLANK = { ...summarise([], "helmet", 0), rendition: "720p" };

function stats(patch: Partial<PlayerStats>): PlayerStats {
  return { ...BLANK, ...patch };
}

const unknown = () => null;

describe("measure", () => {
  it("takes the latency from the server's clock and the capture clock", () => {
    const taken = stats({ atMs: 5000, capturedMs: 1_700_000_004_800 });
    const health = measure(null, taken, (nowMs) => 1_700_000_000_000 + nowMs);
    expect(health.latencyMs).toBe(200);
    expect(captureUs(health, 1_700_000_006_000)).toBe(1_700_000_005_800_000);
  });

  it("says nothing where a clock is missing or absurd", () => {
    expect(measure(null, stats({ capturedMs: null }), () => 1).latencyMs).toBeNull();
    expect(measure(null, stats({ capturedMs: 1 }), unknown).latencyMs).toBeNull();
    expect(measure(null, stats({ capturedMs: 1 }), () => 1e12).latencyMs).toBeNull();
    expect(measure(null, stats({ capturedMs: 5000 }), () => 1000).latencyMs).toBeNull();
    expect(captureUs(null, 1)).toBeNull();
  });

  it("takes off what was spent on this side where the browser tells no capture clock", () => {
    const taken = stats({
      capturedMs: null,
      decodeMs: 10,
      jitterBufferDelayMs: 60,
      roundTripMs: 40,
    });
    const health = measure(null, taken, () => 1_700_000_000_000);
    expect(health.latencyMs).toBeNull();
    expect(captureUs(health, 1_700_000_000_000)).toBe((1_700_000_000_000 - 90) * 1000);
    expect(captureUs(health, null)).toBeNull();
  });

  it("forgives a clock that is a little ahead", () => {
    expect(measure(null, stats({ capturedMs: 1020 }), () => 1000).latencyMs).toBe(0);
  });

  it("gives rates of the time between two samples", () => {
    const former = stats({
      atMs: 1000,
      bytesReceived: 1000,
      packetsReceived: 100,
      heldMs: 900,
      emitted: 30,
    });
    const latest = stats({
      atMs: 2000,
      bytesReceived: 126_000,
      packetsReceived: 190,
      packetsLost: 10,
      heldMs: 2100,
      emitted: 60,
    });
    const health = measure(former, latest, unknown);
    expect(health.receivedBps).toBe(1_000_000);
    expect(health.loss).toBe(0.1);
    expect(health.bufferMs).toBe(40);
  });

  it("begins anew with a new session", () => {
    const health = measure(stats({ bytesReceived: 9999 }), stats({ bytesReceived: 10 }), unknown);
    expect(health.receivedBps).toBe(0);
    expect(health.loss).toBe(0);
  });
});

describe("latencyParts", () => {
  it("adds up to the whole, whatever the parts claim", () => {
    for (const [bufferMs, decodeMs, roundTripMs] of [
      [40, 5, 20],
      [400, 5, 20],
      [40, 500, null],
      [0, 0, 900],
    ] as const) {
      const health = measure(null, stats({ decodeMs, roundTripMs, capturedMs: 800 }), () => 1000);
      const parts = latencyParts({ ...health, bufferMs });
      expect(parts).not.toBeNull();
      const { totalMs = 0, relayMs = 0, networkMs = 0 } = parts ?? {};
      expect(relayMs + networkMs + (parts?.bufferMs ?? 0) + (parts?.decodeMs ?? 0)).toBe(totalMs);
      expect(relayMs).toBeGreaterThanOrEqual(0);
    }
  });
});

describe("watchingMessage", () => {
  const idle = { session: null, camera: null, rendition: null, health: null, playing: false };

  it("is whole without a picture, and proves the partner only in a partner's page", () => {
    expect(watchingMessage({ ...idle, ticket: null })).toEqual({
      type: "watching",
      session: null,
      camera: null,
      rendition: null,
      latency_ms: null,
      freezes: 0,
      frozen_ms: 0,
      received_bps: 0,
      loss: 0,
      playing: false,
    });
    expect(watchingMessage({ ...idle, ticket: "evh_x" })).toMatchObject({ partner: "evh_x" });
  });

  it("gives whole milliseconds", () => {
    const health = measure(null, stats({ capturedMs: 800.6, freezeMs: 12.7 }), () => 1000);
    const message = watchingMessage({ ...idle, health, ticket: null });
    expect(message.latency_ms).toBe(199);
    expect(message.frozen_ms).toBe(13);
  });
});

describe("ClockSync", () => {
  it("believes the quickest answer of the last few", () => {
    const clock = new ClockSync();
    expect(clock.serverMs(0)).toBeNull();
    clock.take(1000, 5_000_100_000, 1200); // half of 200 ms away
    expect(clock.serverMs(1100)).toBe(5_000_100);
    clock.take(2000, 5_001_010_000, 2020);
    expect(clock.serverMs(2010)).toBe(5_001_010);
    expect(clock.uncertaintyMs).toBe(10);
    clock.take(3000, 9_000_000_000, 3900);
    expect(clock.serverMs(2010)).toBe(5_001_010);
  });

  it("lets old answers go, and ignores answers from before the question", () => {
    const clock = new ClockSync();
    clock.take(0, 1_000_000, 2);
    for (let asked = 0; asked < 12; asked += 1) {
      clock.take(asked * 10_000, 2_000_000 + asked * 10_000_000, asked * 10_000 + 50);
    }
    expect(clock.uncertaintyMs).toBe(25);
    clock.take(9e9, 1, 8e9);
    expect(clock.uncertaintyMs).toBe(25);
  });
});
