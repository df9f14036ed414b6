/** Pictures by WHEP. */

import type { Engine, Session, SessionListener, Target } from "../engine.ts";
import type { Hints } from "../hints.ts";
import { makeOffering, type Offering } from "./offering.ts";
import { WhepSession } from "./session.ts";

/**
 * Makes WHEP sessions at one origin. An offer takes the browser some 10 ms to make: the next one is
 * made while nobody waits for it.
 */
export class WhepEngine implements Engine {
  readonly #origin: string;
  #next: Offering | null = null;

  constructor(origin: string) {
    this.#origin = origin;
    this.#prepare();
  }

  open(target: Target, hints: Hints, listener: SessionListener): Session {
    const offering = this.#next ?? makeOffering();
    this.#next = null;
    return new WhepSession(target, hints, this.#origin, offering, {
      pictured: () => {
        this.#prepare();
        listener.pictured();
      },
      failed: (failure) => listener.failed(failure),
    });
  }

  #prepare(): void {
    if (typeof RTCPeerConnection !== "undefined") {
      this.#next ??= makeOffering();
    }
  }
}
