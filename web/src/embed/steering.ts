/**
 * Lets the page around steer the player as it would steer a media element: `play`, `pause` and
 * `volumechange` are told when the media has confirmed them, whoever asked for them.
 */

import type { EvaPlayer } from "../player/player.ts";
import type { Broadcast } from "../protocol/broadcast.ts";
import type { Bridge } from "./bridge.ts";
import type { Answer, Command, MediaState } from "./messages.ts";
import { type TroubleCode, trouble, wrongWishes } from "./trouble.ts";

const KINDS = ["play", "pause", "volumechange"] as const;

/** See the module's header. */
export class Steering {
  readonly #bridge: Bridge;
  #player: EvaPlayer | null = null;
  readonly #wrong = new Map<TroubleCode, string | null>();

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** How the media stands, as `ready` and every change tell it. */
  get media(): MediaState {
    const video = this.#player?.video;
    return {
      paused: video?.paused ?? true,
      muted: video?.muted ?? true,
      volume: video?.volume ?? 1,
    };
  }

  /** Tells from now on what happens in a player; null while there is none. */
  async follow(player: EvaPlayer | null): Promise<void> {
    if (player === this.#player) {
      return;
    }
    this.#player = player;
    await player?.updateComplete;
    for (const kind of KINDS) {
      player?.video.addEventListener(kind, () => this.#bridge.tell(kind, this.media));
    }
  }

  /** Tells of a camera or quality that is asked for and not there, once each. */
  check(broadcast: Broadcast, camera: string | null, quality: string | null): void {
    for (const [code, asked] of wrongWishes(broadcast, camera, quality)) {
      if (asked !== (this.#wrong.get(code) ?? null)) {
        this.#wrong.set(code, asked);
        if (asked !== null) {
          this.#bridge.tell("error", trouble(code, asked));
        }
      }
    }
  }

  /** Carries out what concerns the media; what is asked for again is checked again. */
  obey({ command, value, id }: Command): void {
    const player = this.#player;
    if (command === "play") {
      void this.#play(id);
    } else if (command === "pause") {
      player?.setPlaying(false);
    } else if (command === "mute" || command === "unmute") {
      player?.setMuted(command === "mute");
    } else if (command === "volume") {
      if (player !== null && typeof value === "number" && value >= 0 && value <= 1) {
        player.video.volume = value;
      }
    } else {
      this.#wrong.delete(command === "camera" ? "unknown-camera" : "unknown-quality");
    }
  }

  async #play(id: number | undefined): Promise<void> {
    const answer: Answer = { id: id ?? 0, error: null };
    try {
      if (this.#player === null) {
        throw new DOMException("There is no picture to play.", "NotSupportedError");
      }
      await this.#player.video.play();
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      answer.error = { name, message };
    }
    if (id !== undefined) {
      this.#bridge.tell("answer", answer);
    }
  }
}
