/** Keeps the screen awake while a picture plays. */

/** See the module's header. Browsers let go of the lock with every hidden tab, so it is taken anew. */
export class WakeLock {
  #sentinel: WakeLockSentinel | null = null;
  #wanted = false;

  /** Holds the lock, or lets go of it. */
  set(wanted: boolean): void {
    if (wanted === this.#wanted) {
      return;
    }
    this.#wanted = wanted;
    if (wanted) {
      document.addEventListener("visibilitychange", this.#onVisibility);
      void this.#take();
    } else {
      document.removeEventListener("visibilitychange", this.#onVisibility);
      this.#sentinel?.release().catch(() => undefined);
      this.#sentinel = null;
    }
  }

  readonly #onVisibility = (): void => {
    if (document.visibilityState === "visible") {
      void this.#take();
    }
  };

  async #take(): Promise<void> {
    try {
      const sentinel = await navigator.wakeLock?.request("screen");
      // Meanwhile it may be wanted no more, or another answer may have come first.
      if (!this.#wanted || this.#sentinel?.released === false) {
        await sentinel?.release();
      } else {
        this.#sentinel = sentinel ?? null;
      }
    } catch {
      // A low battery, a hidden tab or a frame that may not: the screen then sleeps as it likes.
    }
  }
}
