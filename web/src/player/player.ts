/**
 * `<eva-player slug="…" camera="…" rendition="…">`: a live picture that looks after itself.
 *
 * State comes down through attributes, wishes go up as media-chrome's request events, and what the
 * player says of itself (`phase`, `eva-state`) changes only when the media has confirmed it.
 */

import { localized, msg } from "@lit/localize";
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { styleMap } from "lit/directives/style-map.js";
import type { BroadcastState, Rendition } from "../protocol/broadcast.ts";
import type { ClockSync } from "../store/clock-sync.ts";
import { shared } from "../ui/shared-styles.ts";
import { bar, type Choices } from "./bar.ts";
import { takeCaptions } from "./captions.ts";
import { follow } from "./chosen.ts";
import { canSeek, carryOut, type Deck, setMuted, setPlaying } from "./commands.ts";
import { Conductor } from "./conductor.ts";
import { DoubleClick } from "./double-click.ts";
import type { Timings } from "./engine.ts";
import { abilities } from "./help-rows.ts";
import { HintWatch } from "./hints.ts";
import { type CameraKnowledge, IDLE_LINK, type Link } from "./link.ts";
import { stillOf } from "./media-session.ts";
import { Meter } from "./meter.ts";
import { ShownMoment } from "./moment.ts";
import { OverlayState } from "./overlay-state.ts";
import { helpOf, slateOf, soundButton, sphereOf, statsOf } from "./overlays.ts";
import { Phase } from "./phase.ts";
import { StateTeller } from "./player-state.ts";
import { playerStyles } from "./player-styles.ts";
import { hasPicture, looksDifferent, spoken } from "./seen.ts";
import { type Action, isPlayers } from "./shortcuts.ts";
import type { OperatorView } from "./sphere/looking.ts";
import { type PlayerStats, rungOf } from "./stats.ts";
import { isSwitched, targetOf } from "./target.ts";
import type { Telemetry } from "./telemetry.ts";
import { WakeLock } from "./wake-lock.ts";
import { WhepEngine } from "./whep/engine.ts";
import { wish } from "./wishes.ts";
import "./chrome.ts";

/**
 * See the module's header.
 *
 * `<track>` children with `slot="captions"` become the picture's captions.
 *
 * @fires eva-state - `PlayerState`, after each confirmed change; bubbles, composed
 * @fires eva-telemetry - {@link Telemetry} or null, once a second
 * @fires eva-paused - whether the picture has been stopped or goes on; bubbles, composed
 */
@customElement("eva-player")
@localized()
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
  /** How the camera's picture is laid out; `equirectangular` can be looked around in. */
  @property() projection = "flat";
  /** Without controls and sound. */
  @property({ type: Boolean, reflect: true }) bare = false;
  /** One of several small pictures: not to be looked around in. */
  @property({ type: Boolean }) small = false;
  /** The camera's rungs. */
  @property({ attribute: false }) ladder: readonly Rendition[] = [];
  /** What the menus offer; null leaves them out. */
  @property({ attribute: false }) choices: Choices | null = null;
  /** The server's clock, for the latency. */
  @property({ attribute: false }) clock: ClockSync | null = null;
  /** Where the operator of a 360° camera looks, for those who follow. */
  @property({ attribute: false }) operatorView: OperatorView | null = null;
  /** How long frames are to stand in the jitter buffer, milliseconds; null: in none at all. */
  @property({ attribute: false }) holdMs: number | null = null;
  /** What goes full screen; without it the player itself. */
  @property({ attribute: false }) fullscreenElement: HTMLElement | null = null;
  /** What the viewer sees. Read only: the player writes it, also as an attribute. */
  @property({ reflect: true }) phase: Phase = Phase.Idle;

  @state({ hasChanged: looksDifferent }) private link: Link = IDLE_LINK;
  /** The viewer has had sound, so that silence from now on is a choice. */
  @state() private heard = false;
  @state() private telemetry: Telemetry | null = null;
  @state() private captioned = false;
  /** The camera whose picture is on screen, or null. */
  @state() private shownCamera: string | null = null;
  @query("media-controller", true) private readonly controller!: HTMLElement & {
    fullscreenElement: HTMLElement;
  };
  @query("video", true) readonly video!: HTMLVideoElement;

  /** How the picture on screen is laid out: the wanted camera's way only once that is shown. */
  #laidOut = "flat";
  readonly #overlays = new OverlayState(this);
  readonly #teller = new StateTeller(this);
  readonly #wakeLock = new WakeLock();
  readonly #moment = new ShownMoment(this);
  readonly #conductor = new Conductor(new WhepEngine(location.origin), {
    video: () => this.video,
    target: () => targetOf(this),
    changed: (link) => this.#onLink(link),
  });
  readonly #doubleClick = new DoubleClick(() => this.#deck);
  readonly #hints = new HintWatch((hints) => this.#conductor.hint(hints));

  constructor() {
    super();
    new Meter(this, (telemetry) => this.#onMeasured(telemetry));
  }

  /** What has been measured of late; null while there is no picture. */
  get health(): Telemetry | null {
    return this.telemetry;
  }

  /** When the picture on screen was taken, microseconds since 1970; null where nobody can tell. */
  get capturedUs(): number | null {
    return this.#moment.us;
  }

  /** The session's name at the server, or null. */
  get session(): string | null {
    return this.#conductor.current?.name ?? null;
  }

  /** The picture stands still because somebody wants it to. */
  get paused(): boolean {
    return this.video?.paused ?? true;
  }

  /** Plays, or stops playing. */
  setPlaying(playing: boolean): void {
    setPlaying(this.#deck, playing);
  }

  /** Turns the sound off or on. */
  setMuted(muted: boolean): void {
    setMuted(this.#deck, muted);
  }

  /** The picture on screen as a data URL; null while there is none. */
  still(): string | null {
    return stillOf(this.video);
  }

  /** Carries out what a key or a button asks for, where it concerns the player alone. */
  perform(action: Action): void {
    if (action.kind === "stats") {
      this.#toggleStats();
    } else if (action.kind === "help") {
      this.#overlays.help(true);
    } else if (isPlayers(action)) {
      this.#overlays.say(carryOut(this.#deck, action));
    }
  }

  /** When the present join reached its stations; null before the first. */
  get timings(): Timings | null {
    return this.#conductor.timings;
  }

  /** The figures of the picture on screen; null while there is none. */
  async stats(): Promise<PlayerStats | null> {
    const stats = await this.#conductor.stats();
    // While cameras change, the picture is still of the one whose ladder is not known here.
    const ladder = stats?.camera === this.camera ? this.ladder : [];
    return stats === null ? null : { ...stats, rendition: rungOf(stats.height, ladder) };
  }

  /** Takes note that an edge, or an edge's session, has died, and replaces it; null: whichever it is. */
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
    if (this.hasUpdated) {
      this.#hints.start(this.video);
    }
    if (this.hasUpdated && this.slug !== "") {
      this.#conductor.start();
    }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("pagehide", this.#onPageHide);
    removeEventListener("pageshow", this.#onPageShow);
    this.#hints.stop();
    this.#wakeLock.set(false);
    this.#conductor.stop();
  }

  protected override firstUpdated(): void {
    this.#hints.start(this.video);
    // A live picture is at its live edge by nature; media-chrome's live button asks for this figure.
    Object.assign(this.video, { liveEdgeStart: 0 });
    for (const kind of ["play", "pause"]) {
      this.video.addEventListener(kind, () => this.#onPlaying());
    }
  }

  protected override willUpdate(): void {
    if (this.shownCamera === this.camera) {
      this.#laidOut = this.projection;
    }
  }

  protected override updated(changed: PropertyValues<this>): void {
    const switched = isSwitched(changed, this.holdMs);
    if (switched || changed.has("cameraState") || changed.has("broadcastState")) {
      this.#conductor.dispatch({
        kind: "target",
        switched,
        camera: this.cameraState,
        ended: this.broadcastState === "ended",
      });
    }
    if (changed.has("holdMs") && (this.holdMs !== null || changed.get("holdMs") !== undefined)) {
      this.#conductor.hold(this.holdMs);
    }
    this.#hints.whole = this.projection !== "flat";
    // media-chrome calls every controller "video player", and several of them need several names.
    this.controller.setAttribute("role", this.bare ? "group" : "region");
    this.controller.setAttribute("aria-label", this.cameraName || msg("Live picture"));
    if (changed.has("fullscreenElement") && this.fullscreenElement !== null) {
      this.controller.fullscreenElement = this.fullscreenElement;
    }
    if (changed.has("projection") && this.projection !== "flat" && !this.#overlays.sphere) {
      void this.#overlays.loadSphere();
    }
    if (changed.has("slug")) {
      this.slug === "" ? this.#conductor.stop() : this.#conductor.start();
    }
  }

  protected override render(): TemplateResult {
    const live = this.phase === Phase.Live;
    const dressed = !this.bare;
    const { bezel, panel, helping } = this.#overlays;
    return html`
      <media-controller
        defaultstreamtype="live"
        nomutedpref
        nosubtitleslangpref
        nohotkeys
        tabindex=${this.#usable ? 0 : -1}
        @eva-retry=${this.#onRetry}
        @click=${this.#doubleClick}
      >
        <video
          slot="media"
          autoplay
          playsinline
          .muted=${true}
          style=${styleMap({ visibility: this.#around ? "hidden" : "visible" })}
          @volumechange=${this.#onVolume}
        ></video>
        ${this.#around ? sphereOf(this, this.video, () => this.#overlays.loseSphere()) : nothing}
        ${live ? nothing : slateOf(this, this.link, () => this.#keepFocus())}
        ${live && dressed && !this.heard ? soundButton(() => this.#keepFocus()) : nothing}
        ${bezel === null ? nothing : html`<p class="bezel" slot="centered-chrome" noautohide>${bezel}</p>`}
        ${panel === "over" ? statsOf(this, panel, () => this.#toggleStats()) : nothing}
        ${hasPicture(this.link) && dressed ? this.#controls() : nothing}
      </media-controller>
      ${panel === "apart" ? statsOf(this, panel, () => this.#toggleStats()) : nothing}
      ${helping ? this.#help() : nothing}
      ${dressed ? html`<p class="hidden" role="status">${bezel ?? spoken(this.phase)}</p>` : nothing}
      <slot name="captions" hidden @slotchange=${this.#onTracks}></slot>
    `;
  }

  /** The picture is looked around in. */
  get #around(): boolean {
    const { sphere, flat } = this.#overlays;
    return this.#laidOut !== "flat" && sphere && !flat && hasPicture(this.link);
  }

  /** The keyboard has something to do here; else it would find nothing within either. */
  get #usable(): boolean {
    return !this.bare || (this.#around && !this.small);
  }

  get #deck(): Deck {
    return { controller: this.controller, video: this.video };
  }

  #controls(): TemplateResult {
    const { sphere, flat } = this.#overlays;
    return bar({
      choices: this.choices,
      ladder: this.ladder,
      camera: this.camera,
      rendition: this.rendition,
      telemetry: this.telemetry,
      captions: this.captioned,
      flat: this.projection === "flat" || !sphere ? null : flat,
      onChoose: (chosen) => follow(this, chosen, () => this.#overlays.toggleFlat()),
      onStats: () => this.#toggleStats(),
      onTheatre: () => wish(this, "eva-theatre", null),
    });
  }

  #onLink(link: Link): void {
    this.link = link;
    this.phase = link.phase;
    this.#moment.follow(link);
    const shown = hasPicture(link) ? this.#conductor.current?.target : undefined;
    this.shownCamera = shown?.camera ?? null;
    this.#tell();
  }

  #tell(): void {
    const { phase, shownCamera: camera } = this;
    const stats = this.telemetry?.stats;
    const rendition = stats?.camera === camera ? stats.rendition : null;
    this.#teller.tell({ phase, camera, rendition });
  }

  #onRetry(): void {
    this.retry();
    this.#keepFocus();
  }

  /** Takes the focus off a button that is about to go, so that the keyboard stays in the player. */
  #keepFocus(): void {
    this.controller.focus({ preventScroll: true });
  }

  #help(): TemplateResult {
    const can = { captions: this.captioned, seek: canSeek(this.video), around: this.#around };
    return helpOf(abilities(this.choices, can), () => {
      this.#overlays.help(false);
      this.#keepFocus();
    });
  }

  #toggleStats(): void {
    if (!this.#overlays.togglePanel(this.clientWidth)) {
      this.#keepFocus();
    }
  }

  #onMeasured(telemetry: Telemetry | null): void {
    this.telemetry = telemetry;
    this.#tell();
    this.dispatchEvent(new CustomEvent("eva-telemetry", { detail: telemetry }));
  }

  #onPlaying(): void {
    const { paused: detail } = this;
    this.#moment.turned();
    this.#wakeLock.set(!detail);
    this.dispatchEvent(new CustomEvent("eva-paused", { detail, bubbles: true, composed: true }));
  }

  #onVolume(): void {
    this.heard ||= !this.video.muted && this.video.volume > 0;
  }

  readonly #onTracks = ({ currentTarget }: Event): void => {
    this.captioned = takeCaptions(this.video, currentTarget);
  };
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
}
