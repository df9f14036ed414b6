/**
 * Runs a link: turns what the browser tells into inputs, and the effects of each step into sessions.
 *
 * All decisions are made in `step.ts`; this file owns the clock, the one timer and the sessions.
 */

import type { Engine, Progress, Session, Target, Timings } from "./engine.ts";
import { type Hints, NO_HINTS } from "./hints.ts";
import { type Effect, type Failure, IDLE_LINK, type Input, type Link } from "./link.ts";
import { PaceWatch } from "./pace.ts";
import type { SessionStats } from "./stats.ts";
import { step } from "./step.ts";
import { UnplayableError } from "./unplayable.ts";

const FAST_MS = 50;
const STEADY_MS = 250;
const SLOW_MS = 1000;
const SLEPT_MS = 2500;

/** How long until the counters are to be looked at again. */
export function cadenceMs(link: Link, nowMs: number): number {
  if (link.next !== null) {
    return FAST_MS;
  }
  const silent = link.shown !== null && nowMs - link.shown.packetAtMs > FAST_MS;
  const pace = link.shown === null ? SLOW_MS : silent ? FAST_MS : STEADY_MS;
  return link.retryAtMs === null ? pace : Math.max(0, Math.min(pace, link.retryAtMs - nowMs));
}

/** What the conductor needs from its player. */
export interface Stage {
  /** The element that shows the picture. */
  video(): HTMLVideoElement;
  /** What is to be watched now. */
  target(): Target;
  /** The link has changed. */
  changed(link: Link): void;
}

/** See the module's header. */
export class Conductor {
  readonly #engine: Engine;
  readonly #stage: Stage;
  readonly #sessions = new Map<number, Session>();
  readonly #pace = new PaceWatch((pace) => this.current?.slowed(pace));
  #link: Link = IDLE_LINK;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastTickMs = 0;
  #holdMs: number | null = null;
  #hints = NO_HINTS;

  constructor(engine: Engine, stage: Stage) {
    this.#engine = engine;
    this.#stage = stage;
  }

  /** The present link. */
  get link(): Link {
    return this.#link;
  }

  /** The session whose picture is on screen, or on its way there. */
  get current(): Session | null {
    const id = this.#link.shown?.id ?? this.#link.next?.id;
    return (id === undefined ? undefined : this.#sessions.get(id)) ?? null;
  }

  /** The stations of the current session's join. */
  get timings(): Timings | null {
    return this.current?.timings ?? null;
  }

  /** Begins, and keeps a picture until `stop`. */
  start(): void {
    this.#lastTickMs = performance.now();
    addEventListener("online", this.#onOnline);
    addEventListener("offline", this.#onOffline);
    document.addEventListener("visibilitychange", this.#onVisibility);
    this.dispatch({ kind: "start" });
    if (!navigator.onLine) {
      this.dispatch({ kind: "offline" });
    }
    this.#schedule();
  }

  /** Ends every session. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#pace.stop();
    removeEventListener("online", this.#onOnline);
    removeEventListener("offline", this.#onOffline);
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.dispatch({ kind: "stop" });
  }

  /** Takes in what has happened, and does what follows. */
  dispatch(input: Input): void {
    const { link, effects } = step(this.#link, input, {
      nowMs: performance.now(),
      luck: Math.random(),
    });
    this.#link = link;
    for (const effect of effects) {
      this.#carryOut(effect);
    }
    // An effect may have dispatched in its turn, so the newest link is told, not this step's.
    this.#stage.changed(this.#link);
  }

  /** An edge has died: with a name its sessions are concerned, without one all of them. */
  edgeLost(name: string | null): void {
    for (const [id, session] of [...this.#sessions]) {
      if (name === null || session.isCalled(name)) {
        this.dispatch({ kind: "edge-lost", id });
      }
    }
  }

  /** Holds this picture, and every later one, back; see {@link Session.hold}. */
  hold(ms: number | null): void {
    this.#holdMs = ms;
    for (const session of this.#sessions.values()) {
      session.hold(ms);
    }
  }

  /** Tells the relay of this session, and of every later one; see {@link Session.hint}. */
  hint(hints: Hints): void {
    this.#hints = hints;
    for (const session of this.#sessions.values()) {
      session.hint(hints);
    }
  }

  /** The figures of the current session. */
  async stats(): Promise<SessionStats | null> {
    return (await this.current?.stats()) ?? null;
  }

  #carryOut(effect: Effect): void {
    const { id } = effect;
    switch (effect.kind) {
      case "open":
        this.#open(id);
        break;
      case "show":
        this.#sessions.get(id)?.show(this.#stage.video());
        this.#pace.start(this.#stage.video());
        break;
      case "search":
        this.#sessions.get(id)?.search();
        break;
      case "close":
        this.#sessions.get(id)?.close();
        this.#sessions.delete(id);
        break;
    }
  }

  #open(id: number): void {
    const listener = {
      pictured: () => this.#sampled(id, { packets: 1, frames: 1 }),
      failed: (failure: Failure) => this.dispatch({ kind: "failed", id, failure }),
    };
    try {
      const session = this.#engine.open(this.#stage.target(), this.#hints, listener);
      this.#sessions.set(id, session);
      if (this.#holdMs !== null) {
        session.hold(this.#holdMs);
      }
    } catch {
      listener.failed({ kind: "refused", error: new UnplayableError("webrtc") });
    }
    this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#link.wanted) {
      const pause = cadenceMs(this.#link, performance.now());
      this.#timer = setTimeout(() => void this.#tick(), pause);
    }
  }

  async #tick(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#lastTickMs > SLEPT_MS) {
      this.dispatch({ kind: "woke" });
    }
    this.#lastTickMs = nowMs;
    await this.#sample();
    this.dispatch({ kind: "tick" });
    this.#schedule();
  }

  async #sample(): Promise<void> {
    await Promise.all(
      [...this.#sessions].map(async ([id, session]) => {
        // A connection that is being torn down may refuse; its silence is then all it has to say.
        const progress = await session.progress().catch(() => null);
        if (progress !== null) {
          this.#sampled(id, progress);
        }
      }),
    );
  }

  #sampled(id: number, progress: Progress): void {
    const watching = document.visibilityState === "visible" && !this.#stage.video().paused;
    this.dispatch({ kind: "sample", id, ...progress, watching });
  }

  readonly #onOnline = (): void => this.dispatch({ kind: "online" });
  readonly #onOffline = (): void => this.dispatch({ kind: "offline" });
  readonly #onVisibility = (): void => {
    if (document.visibilityState === "visible") {
      this.dispatch({ kind: "woke" });
    }
  };
}
