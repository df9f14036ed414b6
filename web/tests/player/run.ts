/** Plays a link through simulated time. */

import { type Effect, IDLE_LINK, type Input, type Link } from "../../src/player/link.ts";
import { step } from "../../src/player/step.ts";

const PACKETS_PER_STEP = 10;

/** One player's life; time moves only when a test says so. */
export class Run {
  link: Link = IDLE_LINK;
  nowMs = 100_000;
  readonly effects: Effect[] = [];
  readonly #counters = new Map<number, { packets: number; frames: number }>();

  /** Feeds one input and gives what it asks for, as `open 1`. */
  feed(input: Input): string[] {
    const { link, effects } = step(this.link, input, { nowMs: this.nowMs, luck: 0.5 });
    this.link = link;
    this.effects.push(...effects);
    return effects.map((effect) => `${effect.kind} ${effect.id}`);
  }

  /** Lets time pass in steps of 50 ms, during which the listed sessions deliver pictures. */
  pass(ms: number, delivering: readonly number[] = []): string[] {
    const asked: string[] = [];
    for (const end = this.nowMs + ms; this.nowMs < end; ) {
      this.nowMs += 50;
      for (const id of delivering) {
        asked.push(...this.sample(id));
      }
      asked.push(...this.feed({ kind: "tick" }));
    }
    return asked;
  }

  /** One session has received packets and decoded a frame of them. */
  sample(id: number, frames = 1): string[] {
    const former = this.#counters.get(id) ?? { packets: 0, frames: 0 };
    const counter = {
      packets: former.packets + PACKETS_PER_STEP,
      frames: former.frames + frames,
    };
    this.#counters.set(id, counter);
    return this.feed({ kind: "sample", id, ...counter, watching: true });
  }

  /** A player that has its picture from session 1. */
  static live(): Run {
    const run = new Run();
    run.feed({ kind: "target", switched: true, camera: "live", ended: false });
    run.feed({ kind: "start" });
    run.sample(1);
    return run;
  }
}
