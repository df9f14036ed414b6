/** Pictures by WHEP. */

import type { Engine, Session, SessionListener, Target } from "../engine.ts";
import type { Hints } from "../hints.ts";
import { WhepSession } from "./session.ts";

/** Makes WHEP sessions at one origin. */
export class WhepEngine implements Engine {
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  open(target: Target, hints: Hints, listener: SessionListener): Session {
    return new WhepSession(target, hints, this.#origin, listener);
  }
}
