/**
 * Listens to a track without being heard.
 *
 * Chromium takes sound out of its buffer only while some element plays it. Until the first picture,
 * and while an element changes from one track to another, none does: what comes meanwhile queues up,
 * and sound is late by that for many seconds.
 */
export class Ear {
  readonly #element = new Audio();

  constructor(track: MediaStreamTrack) {
    const element = this.#element;
    element.muted = true;
    element.srcObject = new MediaStream([track]);
    // A browser that refuses this plays the sound later than it could, and that is all.
    element.play().catch(() => undefined);
  }

  close(): void {
    this.#element.pause();
    this.#element.srcObject = null;
  }
}
