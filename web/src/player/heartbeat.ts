/**
 * Tells the relay what is watched and how well: every ten seconds, upon every change, and whenever the
 * line begins anew, at whose other end nothing of it is known.
 */

import type { WatchingMessage } from "../protocol/events.ts";
import { Phase } from "./phase.ts";
import type { EvaPlayer } from "./player.ts";
import type { Telemetry } from "./telemetry.ts";

const PERIOD_MS = 10_000;

/** What a heartbeat is made of. */
export interface Watching {
  session: string | null;
  camera: string | null;
  rendition: string | null;
  health: Telemetry | null;
  playing: boolean;
  /** Proof of the partner in whose site this page stands. */
  ticket: string | null;
}

/** The message for a state of affairs. Pure. */
export function watchingMessage(watching: Watching): WatchingMessage {
  const { health, ticket } = watching;
  const latencyMs = health?.latencyMs ?? null;
  return {
    type: "watching",
    session: watching.session,
    camera: watching.camera,
    rendition: watching.rendition,
    latency_ms: latencyMs === null ? null : Math.round(latencyMs),
    freezes: health?.stats.freezeCount ?? 0,
    frozen_ms: Math.round(health?.stats.freezeMs ?? 0),
    received_bps: Math.round(health?.receivedBps ?? 0),
    loss: Math.round((health?.loss ?? 0) * 10_000) / 10_000,
    playing: watching.playing,
    ...(ticket === null ? {} : { partner: ticket }),
  };
}

/** See the module's header. */
export class Heartbeat {
  readonly #player: () => EvaPlayer | null;
  readonly #ticket: () => string | null;
  readonly #send: (message: WatchingMessage) => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  #told = "";
  #reaches = false;

  constructor(
    player: () => EvaPlayer | null,
    ticket: () => string | null,
    send: (message: WatchingMessage) => void,
  ) {
    this.#player = player;
    this.#ticket = ticket;
    this.#send = send;
  }

  /** Begins. */
  start(): void {
    this.#timer = setInterval(() => this.#beat(), PERIOD_MS);
  }

  /** Ends. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Something may have changed; it is told if it has. */
  changed(): void {
    const watching = this.#watching();
    const { session, camera, rendition, playing } = watching;
    const told = JSON.stringify([session, camera, rendition, playing]);
    if (told !== this.#told) {
      this.#told = told;
      this.#send(watchingMessage(watching));
    }
  }

  /** Whether the line is open, so that what is told arrives. */
  reach(reaches: boolean): void {
    if (reaches && !this.#reaches) {
      this.#told = "";
      this.changed();
    }
    this.#reaches = reaches;
  }

  #beat(): void {
    this.#send(watchingMessage(this.#watching()));
  }

  #watching(): Watching {
    const player = this.#player();
    const stats = player?.health?.stats ?? null;
    return {
      session: player?.session ?? null,
      camera: player?.camera ?? null,
      rendition: stats?.rendition ?? null,
      health: player?.health ?? null,
      playing: player?.phase === Phase.Live && !player.paused,
      ticket: this.#ticket(),
    };
  }
}
