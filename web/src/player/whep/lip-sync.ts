/**
 * Has the picture wait for its sound. Pure.
 *
 * Browsers bring the two together by themselves once the relay lets them, but take ten to twenty
 * seconds for it. They also tell when what is seen and what is heard was taken, and do what they are
 * told about the picture's buffer at once.
 */

import { figure, type Counters } from "../stats.ts";

/** Sound that is less late than this is not. */
const CLOSE_MS = 12;

/** The picture waits no longer than this; sound that is later has trouble of its own. */
const MOST_MS = 2000;

/** A sample's share in what is believed of a lag that is not large: one frame's time is no lag. */
const SHARE = 0.5;

/** A lag as large as this is acted upon at once. */
const LARGE_MS = 60;

/** See the module's header. */
export class LipSync {
  #lagMs = 0;
  #holdMs = 0;
  #former: Counters | undefined;

  /**
   * Takes note of the inbound streams' counters.
   *
   * @returns for how long the picture is to stand in its buffer from now on, milliseconds; null: as before
   */
  note(video: Counters | undefined, audio: Counters | undefined): number | null {
    const bufferMs = this.#bufferMs(video);
    const seen = figure(video, "estimatedPlayoutTimestamp");
    const heard = figure(audio, "estimatedPlayoutTimestamp");
    if (bufferMs === null || seen <= 0 || heard <= 0) {
      return null;
    }
    const lagMs = seen - heard;
    if (Math.abs(lagMs) > LARGE_MS) {
      this.#lagMs = lagMs;
    } else {
      this.#lagMs += (lagMs - this.#lagMs) * SHARE;
    }
    if (Math.abs(this.#lagMs) < CLOSE_MS) {
      return null;
    }
    // A buffer that is larger than it was told to be has reasons of its own: what it was told counts
    // from there.
    const from = Math.max(this.#holdMs, bufferMs);
    this.#holdMs = Math.round(Math.min(MOST_MS, Math.max(0, from + this.#lagMs)));
    this.#lagMs = 0;
    return this.#holdMs;
  }

  /** How long frames have stood in the buffer since the last sample; null where none has left it. */
  #bufferMs(video: Counters | undefined): number | null {
    const since = (name: string): number => figure(video, name) - figure(this.#former, name);
    const frames = since("jitterBufferEmittedCount");
    const held = since("jitterBufferDelay");
    this.#former = video;
    return frames <= 0 ? null : (held / frames) * 1000;
  }
}
