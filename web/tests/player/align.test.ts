import { describe, expect, it } from "vitest";
import { type Alignment, align, UNALIGNED } from "../../src/player/align.ts";

/** A camera whose receiver does what it is told, a little late and a little wrong, as browsers do. */
class Receiver {
  #extraMs = 0;
  constructor(
    readonly id: string,
    readonly naturalMs: number,
    readonly bufferMs: number,
    /** What of a hold is spent on decoding and drawing. */
    readonly spentMs = 0,
  ) {}

  obey(holdMs: number | null, noiseMs: number): void {
    const wanted = holdMs === null ? 0 : Math.max(0, holdMs - this.spentMs - this.bufferMs);
    this.#extraMs += (wanted - this.#extraMs) * 0.6 + noiseMs;
    this.#extraMs = Math.max(0, this.#extraMs);
  }

  get measured(): { id: string; latencyMs: number; bufferMs: number } {
    return {
      id: this.id,
      latencyMs: this.naturalMs + this.#extraMs,
      bufferMs: this.bufferMs + this.#extraMs,
    };
  }
}

function play(receivers: readonly Receiver[], rounds: number): Alignment {
  let alignment = UNALIGNED;
  for (let round = 0; round < rounds; round += 1) {
    alignment = align(
      alignment,
      receivers.map((one) => one.measured),
    );
    for (const [index, one] of receivers.entries()) {
      one.obey(alignment.holds.get(one.id) ?? null, Math.sin(round * 7 + index) * 4);
    }
  }
  return alignment;
}

describe("align", () => {
  it("leaves a single camera alone", () => {
    expect(align(UNALIGNED, [{ id: "a", latencyMs: 90, bufferMs: 30 }])).toBe(UNALIGNED);
  });

  it("brings cameras to within a frame or so, and does not hold the slowest", () => {
    const receivers = [
      new Receiver("helmet", 110, 40),
      new Receiver("drone", 430, 120),
      new Receiver("truss", 250, 60),
    ];
    const { holds, leader } = play(receivers, 30);
    expect(leader).toBe("drone");
    expect(holds.get("drone")).toBeNull();
    const latencies = receivers.map((one) => one.measured.latencyMs);
    expect(Math.max(...latencies) - Math.min(...latencies)).toBeLessThan(40);
  });

  it("comes as close where part of a hold is spent on decoding and drawing", () => {
    const receivers = [
      new Receiver("helmet", 110, 40, 35),
      new Receiver("drone", 260, 60, 35),
      new Receiver("truss", 180, 50, 35),
    ];
    play(receivers, 30);
    const latencies = receivers.map((one) => one.measured.latencyMs);
    expect(Math.max(...latencies) - Math.min(...latencies)).toBeLessThan(30);
  });

  it("does not creep: after many rounds the pictures are no later than the slowest by nature", () => {
    const receivers = [new Receiver("helmet", 110, 40), new Receiver("drone", 300, 120)];
    play(receivers, 300);
    for (const one of receivers) {
      expect(one.measured.latencyMs).toBeLessThan(340);
    }
  });

  it("changes its leader only for one that is later by far", () => {
    const first = align(UNALIGNED, [
      { id: "a", latencyMs: 200, bufferMs: 50 },
      { id: "b", latencyMs: 210, bufferMs: 50 },
    ]);
    expect(first.leader).toBe("b");
    const close = [
      { id: "a", latencyMs: 260, bufferMs: 50 },
      { id: "b", latencyMs: 210, bufferMs: 50 },
    ];
    expect(align(first, close).leader).toBe("b");
    const far = close.map((one) => (one.id === "a" ? { ...one, latencyMs: 400 } : one));
    expect(align(first, far).leader).toBe("a");
  });

  it("holds nobody longer than browsers allow", () => {
    const { holds } = align(UNALIGNED, [
      { id: "a", latencyMs: 100, bufferMs: 50 },
      { id: "b", latencyMs: 60_000, bufferMs: 50 },
    ]);
    expect(holds.get("a")).toBe(3000);
  });
});
