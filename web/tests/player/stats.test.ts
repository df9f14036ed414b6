import { expect, it } from "vitest";
import { rungOf, summarise } from "../../src/player/stats.ts";
import type { Rendition } from "../../src/protocol/broadcast.ts";

const CAMERA = "helmet";

it("draws its figures from WebRTC's report", () => {
  const stats = summarise(
    [
      { id: "T", type: "transport", selectedCandidatePairId: "P2" },
      { id: "P1", type: "candidate-pair", currentRoundTripTime: 9 },
      { id: "P2", type: "candidate-pair", currentRoundTripTime: 0.042 },
      { id: "C", type: "codec", mimeType: "video/H264" },
      {
        id: "V",
        type: "inbound-rtp",
        kind: "video",
        codecId: "C",
        framesDecoded: 300,
        pliCount: 1,
        freezeCount: 2,
        totalFreezesDuration: 0.5,
        packetsLost: 3,
        bytesReceived: 4000,
        jitterBufferDelay: 6,
        jitterBufferEmittedCount: 300,
        frameWidth: 1280,
        frameHeight: 720,
      },
      { id: "A", type: "inbound-rtp", kind: "audio", totalAudioEnergy: 0.25 },
    ],
    CAMERA,
  );
  expect(stats).toMatchObject({
    camera: CAMERA,
    codec: "video/H264",
    framesDecoded: 300,
    pliCount: 1,
    freezeCount: 2,
    freezeMs: 500,
    packetsLost: 3,
    bytesReceived: 4000,
    jitterBufferDelayMs: 20,
    roundTripMs: 42,
    totalAudioEnergy: 0.25,
  });
});

it("knows when a picture was taken, from whichever year a browser counts", () => {
  const reported = Date.UTC(2026, 10, 27);
  const taken = (playout: number): number | null => {
    const video = { type: "inbound-rtp", kind: "video", timestamp: reported };
    return summarise([{ ...video, estimatedPlayoutTimestamp: playout }], CAMERA).capturedMs;
  };
  expect(taken(reported - 80)).toBe(reported - 80);
  expect(taken(reported - 80 + 2_208_988_800_000)).toBe(reported - 80);
  // A device whose clock is a year off can tell them apart as well.
  expect(taken(reported + 365 * 86_400_000)).toBe(reported + 365 * 86_400_000);
  expect(taken(0)).toBeNull();
});

it("reads an empty report as nothing received yet", () => {
  expect(summarise([], CAMERA)).toMatchObject({
    codec: null,
    framesDecoded: 0,
    jitterBufferDelayMs: 0,
    roundTripMs: null,
  });
});

it("knows a rung by what arrives, not by what was asked for", () => {
  const rung = (height: number): Rendition => ({
    name: `${height}p`,
    width: height * 2,
    height,
    fps: 30,
    bitrate_bps: 1e6,
  });
  const ladder = [rung(720), rung(360)];
  expect(rungOf(360, ladder)).toBe("360p");
  expect(rungOf(480, ladder)).toBeNull();
  expect(rungOf(0, [])).toBeNull();
});
