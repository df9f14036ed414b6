/**
 * How fast pictures come, compared with how fast they were taken.
 *
 * Where a path has become narrower than what it is sent, each frame comes later than the one before,
 * and by how much tells what the path takes. That shows within two or three frames, long before an
 * estimate of the receiver's (REMB) has fallen. A single large frame, or a path that stood still for
 * a moment, is made up for by the frames after it.
 */

/** What tells of a frame on screen when it came; `VideoFrameCallbackMetadata` has it. */
export interface Arrival {
  /** When it was taken, 90 kHz; wraps at 32 bits. */
  readonly rtpTimestamp: number;
  /** When its last packet came, milliseconds. */
  readonly receiveTime: number;
}

/** A frame is later than the one before from here on, milliseconds. */
const LATER_MS = 10;

/** So many have to be, one after the other. */
const RISES = 2;

/** And all in all by this much, milliseconds. */
const QUEUED_MS = 150;

/** Frames closer than this are what a newcomer catches up with: the relay puts their times together. Milliseconds. */
const CLOSE_MS = 12;

/** Frames farther apart than this are not of one flow: another camera, or a pause. Milliseconds. */
const APART_MS = 1000;

/** What has been told takes effect within this time, milliseconds. */
const QUIET_MS = 1000;

/** See the module's header. Pure. */
export class Pace {
  #from: Arrival | null = null;
  #last: Arrival | null = null;
  #rises = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  /**
   * Takes note of the next frame.
   *
   * @returns where frames queue up: how fast they came, as a part of how fast they were taken, and so
   *   the part of what is sent that the path takes; null otherwise
   */
  note(frame: Arrival): number | null {
    const last = this.#last;
    this.#last = frame;
    if (last === null || this.#from === null || !comesLater(last, frame)) {
      this.#begin(frame);
      return null;
    }
    this.#rises += 1;
    const took = frame.receiveTime - this.#from.receiveTime;
    const lasted = takenMs(this.#from, frame);
    const quiet = frame.receiveTime - this.#toldAt < QUIET_MS;
    if (this.#rises < RISES || took - lasted < QUEUED_MS || quiet) {
      return null;
    }
    this.#toldAt = frame.receiveTime;
    this.#begin(frame);
    return lasted / took;
  }

  #begin(frame: Arrival): void {
    this.#from = frame;
    this.#rises = 0;
  }
}

function comesLater(one: Arrival, next: Arrival): boolean {
  const lasted = takenMs(one, next);
  return (
    lasted > CLOSE_MS &&
    lasted < APART_MS &&
    next.receiveTime - one.receiveTime >= lasted + LATER_MS
  );
}

/** The time between two frames when they were taken, milliseconds. */
function takenMs(one: Arrival, next: Arrival): number {
  return ((next.rtpTimestamp - one.rtpTimestamp) | 0) / 90;
}

/** Watches the frames of an element that shows streams, one after the other. */
export class PaceWatch {
  readonly #tell: (pace: number) => void;
  readonly #pace = new Pace();
  #stop: (() => void) | null = null;

  /** @param tell is told of frames that queue up; see {@link Pace.note} */
  constructor(tell: (pace: number) => void) {
    this.#tell = tell;
  }

  /** Begins. Calling it again changes nothing. */
  start(video: HTMLVideoElement): void {
    if (this.#stop === null && "requestVideoFrameCallback" in video) {
      const look = (_now: number, { rtpTimestamp, receiveTime }: VideoFrameCallbackMetadata) => {
        ask();
        // Not every browser tells both.
        if (rtpTimestamp !== undefined && receiveTime !== undefined) {
          this.#note({ rtpTimestamp, receiveTime });
        }
      };
      let asked = 0;
      const ask = () => {
        asked = video.requestVideoFrameCallback(look);
      };
      this.#stop = () => video.cancelVideoFrameCallback(asked);
      ask();
    }
  }

  /** Watches no more. */
  stop(): void {
    this.#stop?.();
    this.#stop = null;
  }

  #note(frame: Arrival): void {
    const pace = this.#pace.note(frame);
    if (pace !== null) {
      this.#tell(pace);
    }
  }
}
