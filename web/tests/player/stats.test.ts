import { expect, it } from "vitest";
import { summarise } from "../../src/player/stats.ts";

const target = { camera: "helmet", rendition: "720p" };

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
    target,
  );
  expect(stats).toMatchObject({
    ...target,
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

it("reads an empty report as nothing received yet", () => {
  expect(summarise([], target)).toMatchObject({
    codec: null,
    framesDecoded: 0,
    jitterBufferDelayMs: 0,
    roundTripMs: null,
  });
});
