/** `<eva-broadcast slug="…">`: the page of one broadcast. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { Vote } from "../../audience/rating.ts";
import { viewers } from "../../audience/viewers.ts";
import { Phase } from "../../player/phase.ts";
import type { EvaPlayer, PlayerState } from "../../player/player.ts";
import { type Broadcast, isBroadcast } from "../../protocol/broadcast.ts";
import type { ServerEvent } from "../../protocol/events.ts";
import { StoreController } from "../../store/controller.ts";
import { BroadcastFeed } from "../../store/feed.ts";
import { readPageData } from "../../store/page-data.ts";
import type { BroadcastView } from "../../store/reducer.ts";
import { formatStart } from "../../ui/format.ts";
import { locale } from "../../ui/locale.ts";
import { shared } from "../../ui/shared-styles.ts";
import { broadcastStyles } from "./broadcast-styles.ts";
import type { CameraWish } from "./cameras.ts";
import { cameraKnowledge, choiceOf, wantedCamera } from "./choice.ts";
import { about, credits, crew } from "./sections.ts";
import "../../audience/rating.ts";
import "../../player/player.ts";
import "../../ui/badge.ts";
import "../../ui/limb.ts";
import "../../ui/mission-clock.ts";
import "../../ui/topbar.ts";
import "./cameras.ts";

/** The phases in which a picture that is not there yet is on its way. */
const FETCHING: ReadonlySet<Phase> = new Set([Phase.Connecting, Phase.Live, Phase.Lost]);

/** See the module's header. */
@customElement("eva-broadcast")
export class EvaBroadcast extends LitElement {
  static override styles = [shared, broadcastStyles];

  /** The broadcast's slug; it does not change in a page's life. */
  @property() slug = "";

  /** The viewer's camera, or null to follow the programme. */
  @state() private chosen: string | null = null;
  /** The camera whose picture is on screen. */
  @state() private shown: string | null = null;
  @state() private phase: Phase = Phase.Idle;
  @query("eva-player") private readonly player!: EvaPlayer | null;

  #feed: BroadcastFeed | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.#feed === null) {
      this.#feed = new BroadcastFeed(this.slug, readPageData(isBroadcast), (event) =>
        this.#onEvent(event),
      );
      new StoreController(this, this.#feed.store);
    }
    this.#feed.open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#feed?.close();
  }

  protected override render(): TemplateResult | typeof nothing {
    const view = this.#feed?.store.state;
    if (view === undefined) {
      return nothing;
    }
    return html`<eva-topbar></eva-topbar>${
      view.broadcast === null ? this.#empty(view) : this.#page(view, view.broadcast)
    }`;
  }

  #page(view: BroadcastView, broadcast: Broadcast): TemplateResult {
    return html`<main>
      <div class="stage">${this.#stage(view, broadcast)}</div>
      <div class="head">${head(view, broadcast)}</div>
      <div class="rail">
        ${broadcast.state === "live" ? clock(broadcast) : nothing}
        ${broadcast.state === "ended" ? nothing : this.#cameras(broadcast)}
        <section>
          <h2>Rate this broadcast</h2>
          <eva-rating
            .rating=${broadcast.rating}
            .progress=${view.vote}
            @eva-vote=${(event: CustomEvent<Vote>) => this.#feed?.vote(event.detail.stars)}
          ></eva-rating>
        </section>
      </div>
      <div class="body">${about(broadcast)} ${crew(broadcast)} ${credits(broadcast)}</div>
    </main>`;
  }

  #stage(view: BroadcastView, broadcast: Broadcast): TemplateResult {
    const camera = wantedCamera(broadcast, this.chosen);
    return html`<eva-player
      slug=${broadcast.slug}
      .camera=${camera?.id ?? null}
      .cameraName=${camera?.name ?? ""}
      .cameraState=${cameraKnowledge(camera, view.line)}
      .broadcastState=${broadcast.state}
      .startsAt=${broadcast.starts_at}
      @eva-state=${(event: CustomEvent<PlayerState>) => this.#onPlayer(event.detail)}
    ></eva-player>`;
  }

  #cameras(broadcast: Broadcast): TemplateResult | typeof nothing {
    if (broadcast.cameras.length === 0) {
      return nothing;
    }
    return html`<section>
      <h2>Cameras</h2>
      <eva-cameras
        .cameras=${broadcast.cameras}
        .programme=${broadcast.programme}
        .wanted=${wantedCamera(broadcast, this.chosen)?.id ?? null}
        .shown=${this.shown}
        .fetching=${FETCHING.has(this.phase)}
        @eva-camera=${(event: CustomEvent<CameraWish>) => {
          this.chosen = choiceOf(broadcast, event.detail.id);
        }}
      ></eva-cameras>
    </section>`;
  }

  #empty(view: BroadcastView): TemplateResult {
    return view.trouble === null
      ? html`<main aria-busy="true"></main>`
      : html`<main class="trouble">
          <eva-limb seed="nowhere" horizon="0.78" dawn="0.68"></eva-limb>
          <div>
            <h1>No broadcast here</h1>
            <p>${view.trouble}</p>
            <a href="/">See all broadcasts</a>
          </div>
        </main>`;
  }

  #onPlayer(player: PlayerState): void {
    this.shown = player.camera;
    this.phase = player.phase;
  }

  #onEvent(event: ServerEvent): void {
    if (event.type === "edge_lost") {
      this.player?.edgeLost(event.session ?? event.edge ?? null);
    }
  }
}

function clock(broadcast: Broadcast): TemplateResult {
  return html`<eva-mission-clock
    .state=${broadcast.state}
    .startsAt=${broadcast.starts_at}
  ></eva-mission-clock>`;
}

function head(view: BroadcastView, broadcast: Broadcast): TemplateResult {
  return html`
    <div class="facts">
      <eva-badge state=${broadcast.state} .startsAt=${broadcast.starts_at}></eva-badge>
      ${broadcast.state === "live" ? viewers(broadcast.viewers) : nothing}
      ${view.line === "down" ? html`<span class="stale">Live updates are interrupted</span>` : nothing}
    </div>
    <h1>${broadcast.title}</h1>
    ${
      broadcast.starts_at === null
        ? nothing
        : html`<p class="when">
          <time datetime=${broadcast.starts_at}>${formatStart(broadcast.starts_at, locale())}</time>
        </p>`
    }
  `;
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-broadcast": EvaBroadcast;
  }
}
