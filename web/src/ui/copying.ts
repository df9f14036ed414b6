/** Copies to the clipboard, and says for two seconds what was copied. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

const COPIED_MS = 2000;

/** See the module's header; one for each element that has something to copy. */
export class Copying implements ReactiveController {
  /** The name of what was copied just now, or an empty text. */
  done = "";
  readonly #host: ReactiveControllerHost;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
  }

  /** Copies `text`, which is called `name`; false where the browser does not allow it. */
  async copy(name: string, text: string): Promise<boolean> {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      return false;
    }
    this.#say(name);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#say(""), COPIED_MS);
    return true;
  }

  #say(done: string): void {
    this.done = done;
    this.#host.requestUpdate();
  }
}
