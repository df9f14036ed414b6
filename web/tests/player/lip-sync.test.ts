import { describe, expect, it } from "vitest";
import { LipSync } from "../../src/player/whep/lip-sync.ts";

const SAMPLE_MS = 250;
const FRAMES = 8;
const SPENT_MS = 20;
const ENCODED_MS = 20;

/** A browser that plays a stream: it does what it is told, and says what it does as browsers say it. */
class Browser {
  readonly #lips = new LipSync();
  #nowMs = 1_000_000;
  #told = 0;
  #bufferMs = 20;
  #emitted = 0;
  #heldS = 0;
  #heardS = 0;

  constructor(
    public soundMs: number,
    /** Samples before it says when what is played was taken. */
    private silent = 0,
  ) {}

  /** One sample: by how much sound trails after it, milliseconds. */
  step(noiseMs = 0): number {
    this.#nowMs += SAMPLE_MS;
    const wanted = Math.max(20, this.#told - SPENT_MS);
    // Chromium holds back more at once, and less by a tenth of the time.
    this.#bufferMs = Math.max(wanted, this.#bufferMs - SAMPLE_MS / 10);
    this.#emitted += FRAMES;
    this.#heldS += (FRAMES * this.#bufferMs) / 1000;
    const lagMs = this.soundMs - this.#bufferMs - SPENT_MS;
    const packets = this.#emitted;
    this.#heardS += (FRAMES * (this.soundMs - ENCODED_MS)) / 1000;
    this.silent -= 1;
    const tells = this.silent < 0 ? 1 : 0;
    const video = {
      jitterBufferEmittedCount: this.#emitted,
      jitterBufferDelay: this.#heldS,
      estimatedPlayoutTimestamp: this.#nowMs * tells,
    };
    const audio = {
      jitterBufferEmittedCount: packets,
      jitterBufferDelay: this.#heardS,
      estimatedPlayoutTimestamp: (this.#nowMs - lagMs + noiseMs) * tells,
    };
    this.#told = this.#lips.note(video, audio) ?? this.#told;
    return lagMs;
  }
}

function settled(browser: Browser, samples: number): number[] {
  return Array.from({ length: samples }, (_, index) => browser.step(Math.sin(index * 7) * 10));
}

describe("lip sync", () => {
  it("brings a picture to its sound within a second, and keeps it there", () => {
    const browser = new Browser(180);
    settled(browser, 4);
    const lags = settled(browser, 40);
    expect(Math.max(...lags.map(Math.abs))).toBeLessThan(30);
  });

  it("follows sound that comes later and later, and lets go when it is on time again", () => {
    const browser = new Browser(80);
    settled(browser, 8);
    browser.soundMs = 600;
    settled(browser, 16);
    expect(Math.max(...settled(browser, 20).map(Math.abs))).toBeLessThan(30);
    browser.soundMs = 60;
    settled(browser, 40);
    expect(Math.max(...settled(browser, 20).map(Math.abs))).toBeLessThan(30);
  });

  it("goes by the buffers while it is not told when either was taken", () => {
    const browser = new Browser(250, 1000);
    settled(browser, 7);
    expect(Math.max(...settled(browser, 20).map(Math.abs))).toBeLessThan(40);
  });

  it("leaves a picture without sound alone", () => {
    const lips = new LipSync();
    const video = { jitterBufferEmittedCount: 8, jitterBufferDelay: 0.2 };
    expect(lips.note(undefined, undefined)).toBeNull();
    expect(lips.note(video, undefined)).toBeNull();
    expect(lips.note(video, { jitterBufferEmittedCount: 0, jitterBufferDelay: 0 })).toBeNull();
  });

  it("does not have a picture wait for ever", () => {
    const browser = new Browser(60_000);
    settled(browser, 40);
    expect(browser.step()).toBeGreaterThan(50_000);
  });
});
