/** Does what every open page is told to do at the same moment, a little later and not all at once. */

/** Pages spread what they ask for over so long, milliseconds. */
const SPREAD_MS = 3000;

/** See the module's header. Asking while it is due changes nothing. */
export class Soon {
  readonly #work: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(work: () => void) {
    this.#work = work;
  }

  /** Does it within the next three seconds. */
  ask(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#work();
    }, Math.random() * SPREAD_MS);
  }

  /** Leaves it undone. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
