/**
 * `<eva-embed slug="…">`: the player in a partner's page.
 *
 * It votes and counts like the page itself, and the page around can steer it; see `embed/messages.ts`.
 */

import { localized, msg, str } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { classMap } from "lit/directives/class-map.js";
import type { Vote } from "../../audience/rating.ts";
import { viewers } from "../../audience/viewers.ts";
import { voteBody } from "../../audience/vote.ts";
import { Bridge, thisFrame } from "../../embed/bridge.ts";
import type { Command } from "../../embed/messages.ts";
import { Steering } from "../../embed/steering.ts";
import { type TroubleCode, trouble } from "../../embed/trouble.ts";
import { languageReady } from "../../i18n/language.ts";
import {
  cameraKnowledge,
  choiceOf,
  nextCamera,
  wantedCamera,
  wantedRung,
} from "../../player/choice.ts";
import { Heartbeat } from "../../player/heartbeat.ts";
import { listenToKeys } from "../../player/keyboard.ts";
import { isFromCamera } from "../../player/latency-parts.ts";
import { SystemDisplay } from "../../player/media-session.ts";
import { Phase } from "../../player/phase.ts";
import type { EvaPlayer } from "../../player/player.ts";
import type { PlayerState } from "../../player/player-state.ts";
import type { Action } from "../../player/shortcuts.ts";
import { type OperatorViews, withView } from "../../player/sphere/looking.ts";
import type { CameraWish, QualityWish } from "../../player/wishes.ts";
import {
  type Broadcast,
  contentLanguage,
  isBroadcast,
  takesVotes,
} from "../../protocol/broadcast.ts";
import type { ServerEvent } from "../../protocol/events.ts";
import { isNullOr, isString, shape } from "../../protocol/guards.ts";
import { ticketHere } from "../../store/access.ts";
import { StoreController } from "../../store/controller.ts";
import { BroadcastFeed } from "../../store/feed.ts";
import { readPageData } from "../../store/page-data.ts";
import type { BroadcastView } from "../../store/reducer.ts";
import { identifyAs } from "../../transport/http.ts";
import { formatAverage } from "../../ui/format.ts";
import { star } from "../../ui/icons.ts";
import { locale } from "../../ui/locale.ts";
import { mark } from "../../ui/mark.ts";
import { tellTimeBy } from "../../ui/now.ts";
import { shared } from "../../ui/shared-styles.ts";
import { embedStyles } from "./embed-styles.ts";
import { emptyWords, troubleOf } from "./empty.ts";
import "../../player/player.ts";
import "../../ui/badge.ts";
import "../../ui/limb.ts";

const IDLE_MS = 3500;
const TIME_MS = 1000;

/** What the page brings along for a player in a frame. */
interface Frame {
  /** The viewer's signed name, for browsers that keep cookies from frames. */
  viewer: string;
  /** Proof of the partner in whose site this is. */
  ticket: string | null;
}
const isFrame = shape<Frame>({ viewer: isString, ticket: isNullOr(isString) });

/** See the module's header. */
@customElement("eva-embed")
@localized()
export class EvaEmbed extends LitElement {
  static override styles = [shared, embedStyles];

  /** The broadcast's slug. */
  @property() slug = "";

  @state() private chosen: string | null = null;
  @state() private rendition: string | null = null;
  @state() private phase: Phase = Phase.Idle;
  /** The camera whose picture is on screen. */
  @state() private shown: string | null = null;
  @state() private rating = false;
  /** Where the operators of 360° cameras look, by camera. */
  @state() private operatorViews: OperatorViews = new Map();
  /** Nobody has moved anything for a while. */
  @state() private idle = false;
  @query("eva-player") private readonly player!: EvaPlayer | null;

  #feed: BroadcastFeed | null = null;
  #heartbeat: Heartbeat | null = null;
  #deaf: (() => void) | null = null;
  #clock: ReturnType<typeof setInterval> | undefined;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #trouble: TroubleCode | null = null;
  #ticket: string | null = null;
  readonly #system = new SystemDisplay();
  readonly #bare = new URLSearchParams(location.search).get("controls") === "0";
  readonly #bridge = new Bridge(thisFrame(), (command) => this.#obey(command));
  readonly #steering = new Steering(this.#bridge);

  override connectedCallback(): void {
    super.connectedCallback();
    this.chosen ??= new URLSearchParams(location.search).get("camera");
    this.#begin();
    this.#heartbeat?.start();
    this.#deaf = listenToKeys(
      () => this.player,
      (action) => this.#perform(action),
    );
    this.#clock = setInterval(() => this.#tellTime(), TIME_MS);
    addEventListener("message", this.#onMessage);
    this.#stir();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#feed?.close();
    this.#heartbeat?.stop();
    this.#deaf?.();
    clearInterval(this.#clock);
    clearTimeout(this.#rest);
    removeEventListener("message", this.#onMessage);
  }

  #begin(): void {
    if (this.#feed === null) {
      const frame = readPageData(isFrame);
      identifyAs(frame?.viewer ?? null);
      this.#ticket = frame?.ticket ?? null;
      const feed = new BroadcastFeed(this.slug, readPageData(isBroadcast), (event) =>
        this.#onEvent(event),
      );
      this.#feed = feed;
      tellTimeBy(() => feed.clock.serverMs(performance.now()));
      this.#heartbeat = new Heartbeat(
        () => this.player,
        () => this.#ticket,
        (message) => feed.watching(message),
      );
      new StoreController(this, feed.store);
    }
    this.#feed.open(ticketHere());
  }

  /** The first rendering waits for the words. */
  protected override async scheduleUpdate(): Promise<void> {
    await languageReady();
    await super.scheduleUpdate();
  }

  protected override firstUpdated(): void {
    this.#bridge.tell("ready", { slug: this.slug, ...this.#steering.media });
  }

  protected override updated(): void {
    const view = this.#feed?.store.state;
    const camera = view?.broadcast?.cameras.find((one) => one.id === this.shown)?.name ?? null;
    this.#system.show(view?.broadcast?.title ?? "", camera, () => this.player);
    if (view !== undefined && view.broadcast !== null) {
      this.#bridge.tellChange("rating", view.broadcast.rating);
      this.#bridge.tellChange("viewers", view.broadcast.viewers);
    }
    void this.#steering.follow(this.player);
    if (view !== undefined && view.broadcast !== null) {
      this.#steering.check(view.broadcast, this.chosen, this.rendition);
    }
    this.#heartbeat?.reach(view?.line === "open");
    const code = view === undefined ? null : troubleOf(view);
    if (code !== this.#trouble) {
      this.#trouble = code;
      if (code !== null) {
        this.#bridge.tell("error", trouble(code));
      }
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    const view = this.#feed?.store.state;
    if (view === undefined) {
      return nothing;
    }
    const { broadcast } = view;
    return broadcast === null ? this.#empty(view) : this.#frame(view, broadcast);
  }

  #frame(view: BroadcastView, broadcast: Broadcast): TemplateResult {
    const camera = wantedCamera(broadcast, this.chosen);
    const resting = this.idle && this.phase === Phase.Live && !this.rating;
    return html`<main
      class=${classMap({ resting, wordy: this.phase !== Phase.Live })}
      @pointermove=${() => this.#stir()}
      @pointerdown=${() => this.#stir()}
      @focusin=${() => this.#stir()}
    >
      <eva-player
        slug=${broadcast.slug}
        ?bare=${this.#bare}
        .camera=${camera?.id ?? null}
        .cameraName=${camera?.name ?? ""}
        .cameraState=${cameraKnowledge(camera, view.line, broadcast.state)}
        .broadcastState=${broadcast.state}
        .startsAt=${broadcast.starts_at}
        .projection=${camera?.projection ?? "flat"}
        .rendition=${wantedRung(camera, this.rendition)}
        .ladder=${camera?.renditions ?? []}
        .clock=${this.#feed?.clock ?? null}
        .operatorView=${this.operatorViews.get(camera?.id ?? "") ?? null}
        .choices=${{
          cameras: broadcast.cameras,
          programme: broadcast.programme,
          layout: null,
        }}
        @eva-state=${(event: CustomEvent<PlayerState>) => this.#onPlayer(event.detail)}
        @eva-paused=${() => this.#heartbeat?.changed()}
        @eva-camera=${(event: CustomEvent<CameraWish>) => {
          this.chosen = choiceOf(broadcast, event.detail.id);
        }}
        @eva-quality=${(event: CustomEvent<QualityWish>) => {
          this.rendition = event.detail.rendition;
        }}
      ></eva-player>
      ${this.#bare ? html`<h1 class="hidden" lang=${contentLanguage(broadcast)}><bdi>${broadcast.title}</bdi></h1>` : this.#head(broadcast)}
      ${this.rating ? this.#ratingPanel(view, broadcast) : nothing}
    </main>`;
  }

  #head(broadcast: Broadcast): TemplateResult {
    const { average } = broadcast.rating;
    const mean = average === null ? "" : formatAverage(average, locale());
    return html`<header>
      <a href="/b/${broadcast.slug}" target="_blank" rel="noopener" title=${broadcast.title}>
        ${mark}<h1 lang=${contentLanguage(broadcast)}><bdi>${broadcast.title}</bdi></h1>
      </a>
      <div class="facts">
        <eva-badge state=${broadcast.state} .startsAt=${broadcast.starts_at} ?silent=${broadcast.programme === null}></eva-badge>
        ${broadcast.state === "live" ? viewers(broadcast.viewers) : nothing}
        ${this.#mayRate(broadcast) ? this.#rateButton(mean) : nothing}
      </div>
    </header>`;
  }

  /** The stars are there once there is something to rate. */
  #mayRate(broadcast: Broadcast): boolean {
    const now = this.#feed?.clock.serverMs(performance.now()) ?? Date.now();
    return takesVotes(broadcast, now);
  }

  #rateButton(mean: string): TemplateResult {
    return html`<button
          type="button"
          aria-haspopup="dialog"
          aria-label=${mean === "" ? msg("Rate this broadcast") : msg(str`Rated ${mean} out of 5. Rate this broadcast`)}
          @click=${() => void this.#openRating()}
        >
          ${star}<span class=${mean === "" ? "rate" : "figures"}>${mean === "" ? msg("Rate") : mean}</span>
        </button>`;
  }

  #ratingPanel(view: BroadcastView, broadcast: Broadcast): TemplateResult {
    return html`<eva-dialog
      open
      .heading=${msg("Rate this broadcast")}
      @eva-close=${() => {
        this.rating = false;
      }}
    >
      <eva-rating
        .rating=${broadcast.rating}
        .progress=${view.vote}
        .slug=${broadcast.slug}
        .links=${broadcast.links}
        @eva-vote=${({ detail }: CustomEvent<Vote>) => {
          void this.#feed?.vote(voteBody(detail.stars, this.player));
        }}
      ></eva-rating>
    </eva-dialog>`;
  }

  /** Opens the stars, and puts the focus on them; closing gives it back to the button. */
  async #openRating(): Promise<void> {
    try {
      await Promise.all([import("../../ui/dialog.ts"), import("../../audience/rating.ts")]);
    } catch {
      return; // No network; pressed again, it tries again.
    }
    this.rating = true;
    await this.updateComplete;
    await this.renderRoot.querySelector("eva-dialog")?.updateComplete;
    const rating = this.renderRoot.querySelector("eva-rating");
    await rating?.updateComplete;
    rating?.focus();
  }

  #empty(view: BroadcastView): TemplateResult {
    const [headline, detail] = emptyWords(view);
    return html`<main class="empty" aria-busy=${headline === ""}>
      <eva-limb seed="nowhere" horizon="0.6" dawn="0.7"></eva-limb>
      ${
        headline === ""
          ? nothing
          : html`<div>
              <h1>${headline}</h1>
              <p>${detail}</p>
            </div>`
      }
    </main>`;
  }

  #perform(action: Action): void {
    const broadcast = this.#feed?.store.state.broadcast ?? null;
    if (action.kind !== "camera") {
      this.player?.perform(action);
    } else if (broadcast !== null) {
      const present = wantedCamera(broadcast, this.chosen)?.id ?? null;
      const next = nextCamera(broadcast.cameras, present, action.by);
      this.chosen = next === null ? this.chosen : choiceOf(broadcast, next.id);
    }
  }

  #obey(command: Command): void {
    this.#steering.obey(command);
    const name = typeof command.value === "string" ? command.value : null;
    if (command.command === "camera") {
      this.chosen = name;
    } else if (command.command === "quality") {
      this.rendition = name;
    }
    this.requestUpdate();
  }

  #onPlayer(player: PlayerState): void {
    this.phase = player.phase;
    this.shown = player.camera;
    this.#heartbeat?.changed();
    this.#bridge.tell("state", player);
    if (player.phase === Phase.Failed) {
      this.#bridge.tell("error", trouble("refused"));
    }
  }

  #onEvent(event: ServerEvent): void {
    if (event.type === "edge_lost") {
      this.player?.edgeLost(event.session ?? event.edge ?? null);
    } else if (event.type === "ticket") {
      this.#ticket = event.ticket;
    } else if (event.type === "view") {
      this.operatorViews = withView(this.operatorViews, event);
    }
  }

  #tellTime(): void {
    const atUs = this.player?.capturedUs ?? null;
    if (atUs !== null) {
      const at = new Date(atUs / 1000).toISOString();
      const latencyMs = this.player?.health?.latencyMs ?? null;
      const latency = latencyMs === null ? null : Math.round(latencyMs);
      const cameras = this.#feed?.store.state.broadcast?.cameras ?? [];
      const since = isFromCamera({ cameras }, this.shown) ? "camera" : "arrival";
      this.#bridge.tell("time", { at, latency_ms: latency, since });
    }
  }

  /** Shows what lies over the picture, and lets it go again after a while. */
  #stir(): void {
    this.idle = false;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      this.idle = true;
    }, IDLE_MS);
  }

  readonly #onMessage = (message: MessageEvent): void => this.#bridge.take(message);
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-embed": EvaEmbed;
  }
}
