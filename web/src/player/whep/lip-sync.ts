/**
 * Has the picture wait for its sound. Pure.
 *
 * Browsers bring the two together by themselves once the relay lets them, but take ten to twenty
 * seconds for it. They also tell when what is seen and what is heard was taken, and do what they are
 * told about the picture's buffer at once.
 */

import { type Counters, figure } from "../stats.ts";

/** Sound that is less late than this is not. */
const CLOSE_MS = 12;

/** The picture waits no longer than this; sound that is later has trouble of its own. */
const MOST_MS = 2000;

/** A sample's share in what is believed of a lag that is not large: one frame's time is no lag. */
const SHARE = 0.5;

/** A lag as large as this is acted upon at once. */
const LARGE_MS = 60;

/**
 * The picture is held back by no more at once. It rests for as long, and where packets are lost beside
 * that, a rest of 150 ms in all is seen as a freeze.
 */
const STEP_MS = 40;

/**
 * Beside their buffers sound takes longer than a picture by this: it comes to the relay's encoder in
 * pieces and leaves it in others, milliseconds.
 */
const ENCODED_MS = 10;

/** How long what has left a buffer since the last sample had stood in it; null where nothing has. */
class Buffer {
  #former: Counters | undefined;

  note(now: Counters | undefined): number | null {
    const since = (name: string): number => figure(now, name) - figure(this.#former, name);
    const emitted = since("jitterBufferEmittedCount");
    const held = since("jitterBufferDelay");
    this.#former = now;
    return emitted <= 0 ? null : (held / emitted) * 1000;
  }
}

/** See the module's header. */
export class LipSync {
  readonly #picture = new Buffer();
  readonly #sound = new Buffer();
  #lagMs = 0;
  #holdMs = 0;

  /**
   * Takes note of the inbound streams' counters.
   *
   * @returns for how long the picture is to stand in its buffer from now on, milliseconds; null: as before
   */
  note(video: Counters | undefined, audio: Counters | undefined): number | null {
    const [pictureMs, soundMs] = [this.#picture.note(video), this.#sound.note(audio)];
    if (pictureMs === null || soundMs === null) {
      return null;
    }
    const seen = figure(video, "estimatedPlayoutTimestamp");
    const heard = figure(audio, "estimatedPlayoutTimestamp");
    // In its first two seconds a browser does not know, and what is known are the buffers.
    const told = seen > 0 && heard > 0;
    this.#take(told ? seen - heard : soundMs + ENCODED_MS - pictureMs);
    if (Math.abs(this.#lagMs) < CLOSE_MS) {
      return null;
    }
    // A buffer that is larger than it was told to be has reasons of its own: what it was told counts
    // from there.
    const from = Math.max(this.#holdMs, pictureMs);
    const step = Math.min(STEP_MS, this.#lagMs);
    this.#holdMs = Math.round(Math.min(MOST_MS, Math.max(0, from + step)));
    this.#lagMs = 0;
    return this.#holdMs;
  }

  #take(lagMs: number): void {
    const large = Math.abs(lagMs) > LARGE_MS;
    this.#lagMs = large ? lagMs : this.#lagMs + (lagMs - this.#lagMs) * SHARE;
  }
}
