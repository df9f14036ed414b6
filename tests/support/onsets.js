// Tells when sound sets in after silence, in frames of its context's clock.
const LOUD = 0.05;
const QUIET_FRAMES = 9600;

class Onsets extends AudioWorkletProcessor {
  #quiet = 0;

  process([[samples]]) {
    if (samples === undefined) {
      return true;
    }
    for (const [index, sample] of samples.entries()) {
      if (Math.abs(sample) > LOUD) {
        if (this.#quiet >= QUIET_FRAMES) {
          this.port.postMessage((currentFrame + index) / sampleRate);
        }
        this.#quiet = 0;
      } else {
        this.#quiet += 1;
      }
    }
    return true;
  }
}

registerProcessor("onsets", Onsets);
