/**
 * `<eva-player slug="…" camera="…" rendition="…">`: a live picture that looks after itself.
 *
 * State comes down through attributes, wishes go up as media-chrome's request events, and what the
 * player says of itself (`phase`, `eva-state`) changes only when the media has confirmed it.
 */

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { BroadcastState } from "../protocol/broadcast.ts";
import { speaker } from "../ui/icons.ts";
import { shared } from "../ui/shared-styles.ts";
import { Conductor } from "./conductor.ts";
import type { Target, Timings } from "./engine.ts";
import { type CameraKnowledge, IDLE_LINK, type Link } from "./link.ts";
import { Phase } from "./phase.ts";
import { playerStyles } from "./player-styles.ts";
import type { PlayerStats } from "./stats.ts";
import { WhepEngine } from "./whep/engine.ts";
import "./chrome.ts";
import "./slate.ts";

/** The detail of `eva-state`. */
export interface PlayerState {
  /** What the viewer sees. */
  phase: Phase;
  /** The camera whose picture is on screen, or null. */
  camera: string | null;
  /** The rung whose picture is on screen, or null. */
  rendition: string | null;
}

const SPOKEN: Partial<Record<Phase, string>> = {
  [Phase.Live]: "Live picture",
  [Phase.Lost]: "Signal lost, reconnecting",
  [Phase.Offline]: "You are offline",
  [Phase.Waiting]: "Waiting for the picture",
  [Phase.Ended]: "This spacewalk has ended",
  [Phase.Failed]: "The picture cannot be shown",
};

function hasPicture(link: Link | undefined): boolean {
  return (link?.shown ?? null) !== null;
}

/** Counters grow four times a second; only what can be seen is worth another rendering. */
function looksDifferent(one: Link, other: Link | undefined): boolean {
  const seen = ["phase", "lostSinceMs", "refusal"] as const;
  return hasPicture(one) !== hasPicture(other) || seen.some((name) => one[name] !== other?.[name]);
}

/**
 * See the module's header.
 *
 * @fires eva-state - {@link PlayerState}, after each confirmed change; bubbles, composed
 */
@customElement("eva-player")
export class EvaPlayer extends LitElement {
  static override styles = [shared, playerStyles];

  /** The broadcast's slug. Without it the player rests. */
  @property() slug = "";
  /** The camera to show; without it the server takes the programme. */
  @property() camera: string | null = null;
  /** The rung to show; without it the server chooses. */
  @property() rendition: string | null = null;
  /** What is known of that camera from elsewhere. */
  @property({ attribute: "camera-state" }) cameraState: CameraKnowledge = "unknown";
  /** The camera's name, for the waiting picture. */
  @property({ attribute: "camera-name" }) cameraName = "";
  /** Where the broadcast stands; `ended` ends the player's work. */
  @property({ attribute: "broadcast-state" }) broadcastState: BroadcastState | "unknown" =
    "unknown";
  /** The broadcast's start, ISO 8601; the waiting picture counts down to it. */
  @property({ attribute: "starts-at" }) startsAt: string | null = null;
  /** What the viewer sees. Read only: the player writes it, also as an attribute. */
  @property({ reflect: true }) phase: Phase = Phase.Idle;

  @state({ hasChanged: looksDifferent }) private link: Link = IDLE_LINK;
  /** The viewer has had sound, so that silence from now on is a choice. */
  @state() private heard = false;
  @query("media-controller", true) private readonly controller!: HTMLElement;
  @query("video", true) private readonly video!: HTMLVideoElement;

  #told = "";
  readonly #conductor = new Conductor(new WhepEngine(location.origin), {
    video: () => this.video,
    target: () => this.#target(),
    changed: (link) => this.#onLink(link),
  });

  /** When the present join reached its stations; null before the first. */
  get timings(): Timings | null {
    return this.#conductor.timings;
  }

  /** The figures of the picture on screen; null while there is none. */
  stats(): Promise<PlayerStats | null> {
    return this.#conductor.stats();
  }

  /**
   * Takes note that an edge has died and replaces the sessions it held.
   *
   * @param name the edge, or the one session concerned; null means that all are suspect
   */
  edgeLost(name: string | null): void {
    this.#conductor.edgeLost(name);
  }

  /** Tries again at once, also after a refusal. */
  retry(): void {
    this.#conductor.dispatch({ kind: "retry" });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("pagehide", this.#onPageHide);
    addEventListener("pageshow", this.#onPageShow);
    if (this.hasUpdated && this.slug !== "") {
      this.#conductor.start();
    }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("pagehide", this.#onPageHide);
    removeEventListener("pageshow", this.#onPageShow);
    this.#conductor.stop();
  }

  protected override firstUpdated(): void {
    // A live picture is at its live edge by nature; media-chrome's live button asks for this figure.
    Object.assign(this.video, { liveEdgeStart: 0 });
  }

  protected override updated(changed: PropertyValues<this>): void {
    const switched = (["slug", "camera", "rendition"] as const).some((name) => changed.has(name));
    if (switched || changed.has("cameraState") || changed.has("broadcastState")) {
      this.#conductor.dispatch({
        kind: "target",
        switched,
        camera: this.cameraState,
        ended: this.broadcastState === "ended",
      });
    }
    if (changed.has("slug")) {
      this.slug === "" ? this.#conductor.stop() : this.#conductor.start();
    }
  }

  protected override render(): TemplateResult {
    const live = this.phase === Phase.Live;
    return html`
      <media-controller
        defaultstreamtype="live"
        nomutedpref
        nosubtitleslangpref
        hotkeys="noarrowleft noarrowright noj nol noc no< no>"
        @eva-retry=${this.#onRetry}
      >
        <video
          slot="media"
          autoplay
          playsinline
          .muted=${true}
          @volumechange=${this.#onVolume}
        ></video>
        ${live ? nothing : this.#slate()}
        ${live && !this.heard ? this.#soundButton() : nothing}
        ${hasPicture(this.link) ? this.#controls() : nothing}
      </media-controller>
      <p class="hidden" role="status">${SPOKEN[this.phase] ?? ""}</p>
    `;
  }

  #slate(): TemplateResult {
    return html`<eva-slate
      slot="centered-chrome"
      noautohide
      .phase=${this.phase}
      .pictured=${hasPicture(this.link)}
      .lostSinceMs=${this.link.lostSinceMs}
      .startsAt=${this.startsAt}
      .cameraName=${this.cameraName}
      .refusal=${this.link.refusal}
      .seed=${this.slug}
    ></eva-slate>`;
  }

  #soundButton(): TemplateResult {
    const ask = (event: Event): void => {
      const wish = new CustomEvent("mediaunmuterequest", { bubbles: true, composed: true });
      event.currentTarget?.dispatchEvent(wish);
      this.#keepFocus();
    };
    return html`<button class="sound" type="button" slot="top-chrome" noautohide @click=${ask}>
      ${speaker}<span>Sound on</span>
    </button>`;
  }

  #controls(): TemplateResult {
    return html`<media-play-button slot="centered-chrome" class="resume" notooltip></media-play-button>
      <media-control-bar>
      <media-play-button></media-play-button>
      <media-live-button></media-live-button>
      <span class="spring"></span>
      <media-mute-button></media-mute-button>
      <media-volume-range></media-volume-range>
      <media-pip-button></media-pip-button>
      <media-fullscreen-button></media-fullscreen-button>
    </media-control-bar>`;
  }

  #target(): Target {
    return { slug: this.slug, camera: this.camera, rendition: this.rendition };
  }

  #onLink(link: Link): void {
    this.link = link;
    this.phase = link.phase;
    const shown = hasPicture(link) ? this.#conductor.current?.target : undefined;
    const detail: PlayerState = {
      phase: link.phase,
      camera: shown?.camera ?? null,
      rendition: shown?.rendition ?? null,
    };
    const told = JSON.stringify(detail);
    if (told !== this.#told) {
      this.#told = told;
      this.dispatchEvent(new CustomEvent("eva-state", { detail, bubbles: true, composed: true }));
    }
  }

  #onRetry(): void {
    this.retry();
    this.#keepFocus();
  }

  /** Takes the focus off a button that is about to go, so that the keyboard stays in the player. */
  #keepFocus(): void {
    this.controller.focus({ preventScroll: true });
  }

  #onVolume(): void {
    this.heard ||= !this.video.muted && this.video.volume > 0;
  }

  readonly #onPageHide = (): void => this.#conductor.stop();
  readonly #onPageShow = (event: PageTransitionEvent): void => {
    if (event.persisted && this.slug !== "") {
      this.#conductor.start();
    }
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-player": EvaPlayer;
  }
  interface HTMLElementEventMap {
    "eva-state": CustomEvent<PlayerState>;
  }
}
