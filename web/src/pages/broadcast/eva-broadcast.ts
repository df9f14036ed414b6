/** `<eva-broadcast slug="…">`: the page of one broadcast. */

import { localized, msg } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { classMap } from "lit/directives/class-map.js";
import type { EvaComments } from "../../audience/comments/comments.ts";
import type { EvaCurve } from "../../audience/curve.ts";
import type { Vote } from "../../audience/rating.ts";
import { voteBody } from "../../audience/vote.ts";
import { languageReady } from "../../i18n/language.ts";
import { explain } from "../../i18n/trouble.ts";
import { choiceOf, wantedCamera } from "../../player/choice.ts";
import { Heartbeat } from "../../player/heartbeat.ts";
import { listenToKeys } from "../../player/keyboard.ts";
import { SystemDisplay } from "../../player/media-session.ts";
import { Phase } from "../../player/phase.ts";
import type { PlayerState } from "../../player/player-state.ts";
import { type OperatorViews, withView } from "../../player/sphere/looking.ts";
import type { EvaStage } from "../../player/stage.ts";
import type { CameraWish, Layout, LayoutWish } from "../../player/wishes.ts";
import {
  type Broadcast,
  contentLanguage,
  isBroadcast,
  takesVotes,
} from "../../protocol/broadcast.ts";
import type { ServerEvent } from "../../protocol/events.ts";
import { sharedMoment } from "../../share/links.ts";
import { ticketHere } from "../../store/access.ts";
import { StoreController } from "../../store/controller.ts";
import { BroadcastFeed } from "../../store/feed.ts";
import { readPageData } from "../../store/page-data.ts";
import type { BroadcastView } from "../../store/reducer.ts";
import { Soon } from "../../store/soon.ts";
import { MediaMatch } from "../../ui/media-match.ts";
import { now, tellTimeBy } from "../../ui/now.ts";
import { shared } from "../../ui/shared-styles.ts";
import { WhenNear } from "../../ui/when-near.ts";
import { broadcastStyles } from "./broadcast-styles.ts";
import { closed, gone, unloadable } from "./empty.ts";
import { head } from "./head.ts";
import { layouts } from "./layouts.ts";
import { aside, story } from "./sections.ts";
import "../../audience/rating.ts";
import "../../player/stage.ts";
import "../../ui/badge.ts";
import "../../ui/footer.ts";
import "../../ui/limb.ts";
import "../../ui/topbar.ts";
import "./cameras.ts";

/** The phases in which a picture that is not there yet is on its way. */
const FETCHING: ReadonlySet<Phase> = new Set([Phase.Connecting, Phase.Live, Phase.Lost]);
/** Layouts whose pictures are lower than one alone, in the same width. */
const LOW: ReadonlySet<Layout> = new Set(["side", "grid"]);

/** See the module's header. */
@customElement("eva-broadcast")
@localized()
export class EvaBroadcast extends LitElement {
  static override styles = [shared, broadcastStyles];

  /** The broadcast's slug; it does not change in a page's life. */
  @property() slug = "";

  /** The viewer's camera, or null to follow the programme. */
  @state() private chosen: string | null = null;
  /** The camera whose picture is on screen. */
  @state() private shown: string | null = null;
  @state() private phase: Phase = Phase.Idle;
  @state() private layout: Layout = "single";
  /** The picture takes the page's whole width. */
  @state() private theatre = false;
  /** What the open dialog shares: a moment, milliseconds since 1970, or null; undefined while closed. */
  @state() private sharing: number | null | undefined = undefined;
  /** Where the operators of 360° cameras look, by camera. */
  @state() private operatorViews: OperatorViews = new Map();
  @query("eva-stage") private readonly stage!: EvaStage | null;
  @query("eva-comments") private readonly comments!: EvaComments | null;
  @query("eva-curve") private readonly curve!: EvaCurve | null;

  #feed: BroadcastFeed | null = null;
  #heartbeat: Heartbeat | null = null;
  #deaf: (() => void) | null = null;
  readonly #system = new SystemDisplay();
  readonly #wide = new MediaMatch(this, "(min-width: 68rem)");
  readonly #curveSoon = new Soon(() => void this.curve?.refresh?.());
  readonly #sharedMs = sharedMoment(location.href);

  constructor() {
    super();
    new WhenNear(this, () => this.renderRoot, {
      "eva-comments": () => import("../../audience/comments/comments.ts"),
      "eva-curve": () => import("../../audience/curve.ts"),
      "eva-similar": () => import("./similar.ts"),
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.#feed === null) {
      const feed = new BroadcastFeed(this.slug, readPageData(isBroadcast), (event) =>
        this.#onEvent(event),
      );
      this.#feed = feed;
      tellTimeBy(() => feed.clock.serverMs(performance.now()));
      this.#heartbeat = new Heartbeat(
        () => this.stage?.player ?? null,
        () => null,
        (message) => feed.watching(message),
      );
      new StoreController(this, feed.store);
    }
    this.#feed.open(ticketHere());
    this.#heartbeat?.start();
    this.#deaf = listenToKeys(
      () => this.stage,
      (action) => this.stage?.perform(action),
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#feed?.close();
    this.#heartbeat?.stop();
    this.#curveSoon.cancel();
    this.#deaf?.();
  }

  /** The first rendering waits for the words. */
  protected override async scheduleUpdate(): Promise<void> {
    await languageReady();
    await super.scheduleUpdate();
  }

  protected override render(): TemplateResult | typeof nothing {
    const view = this.#feed?.store.state;
    if (view === undefined) {
      return nothing;
    }
    return html`<eva-topbar></eva-topbar>${
      view.broadcast === null ? empty(view) : this.#page(view, view.broadcast)
    }`;
  }

  protected override updated(): void {
    const view = this.#feed?.store.state;
    const broadcast = view?.broadcast ?? null;
    const camera = broadcast?.cameras.find((one) => one.id === this.shown)?.name ?? null;
    const title = view?.closed ? msg("This broadcast is closed") : broadcast?.title;
    if (title !== undefined) {
      document.title = `${title} · EVA Relay`; // as the server has written it
    }
    this.#heartbeat?.reach(view?.line === "open");
    this.#system.show(broadcast?.title ?? "", camera, () => this.stage?.player ?? null);
  }

  #page(view: BroadcastView, broadcast: Broadcast): TemplateResult {
    const wide = this.#wide.matches;
    return html`<main
      class=${classMap({ theatre: this.theatre, low: LOW.has(this.layout) })}
      @eva-camera=${this.#onCamera}
      @eva-layout=${this.#onLayout}
      @eva-theatre=${this.#onTheatre}
    >
      <div class="stage ${this.layout}">${this.#stage(view, broadcast)}</div>
      <div class="head">
        ${head({
          view,
          broadcast,
          sharedMs: this.#sharedMs,
          onShare: () => this.#share(),
        })}
      </div>
      <div class="rail">
        ${broadcast.state === "ended" ? nothing : this.#cameras(broadcast)}
        ${this.#rating(view, broadcast)} ${wide ? aside(broadcast) : nothing}
      </div>
      ${wide ? story(broadcast) : nothing}
      <eva-comments
        slug=${broadcast.slug}
        .policy=${broadcast.comments}
        .startsAt=${broadcast.starts_at}
        .moment=${this.#moment}
        .brief=${!wide}
      ></eva-comments>
      ${wide ? nothing : html`${story(broadcast)} ${aside(broadcast)}`}
      <eva-similar slug=${broadcast.slug}></eva-similar>
    </main>
    <eva-footer></eva-footer>
    ${this.sharing === undefined ? nothing : this.#shareDialog(broadcast, this.sharing)}`;
  }

  #stage(view: BroadcastView, broadcast: Broadcast): TemplateResult {
    return html`<eva-stage
      .broadcast=${broadcast}
      .camera=${wantedCamera(broadcast, this.chosen)}
      .line=${view.line}
      .layout=${this.layout}
      .clock=${this.#feed?.clock ?? null}
      .operatorViews=${this.operatorViews}
      .theatre=${this.#wide.matches ? this.theatre : null}
      @eva-state=${(event: CustomEvent<PlayerState>) => this.#onPlayer(event.detail)}
      @eva-paused=${() => this.#heartbeat?.changed()}
    ></eva-stage>`;
  }

  #cameras(broadcast: Broadcast): TemplateResult | typeof nothing {
    if (broadcast.cameras.length === 0) {
      return nothing;
    }
    return html`<section class="cameras" aria-labelledby="cameras">
      <div class="heading">
        <h2 id="cameras">${msg("Cameras")}</h2>
        ${
          broadcast.cameras.length < 2 || broadcast.state === "before"
            ? nothing
            : layouts(this.layout, (layout) => {
                this.layout = layout;
              })
        }
      </div>
      <eva-cameras
        .slug=${broadcast.state === "live" ? broadcast.slug : ""}
        .language=${contentLanguage(broadcast)}
        .cameras=${broadcast.cameras}
        .programme=${broadcast.programme}
        .wanted=${wantedCamera(broadcast, this.chosen)?.id ?? null}
        .shown=${this.shown}
        .fetching=${FETCHING.has(this.phase)}
      ></eva-cameras>
    </section>`;
  }

  #rating(view: BroadcastView, broadcast: Broadcast): TemplateResult | typeof nothing {
    if (!takesVotes(broadcast, now())) {
      return nothing;
    }
    return html`<section>
      <h2>${msg("Rate this broadcast")}</h2>
      <eva-rating
        .rating=${broadcast.rating}
        .progress=${view.vote}
        .slug=${broadcast.slug}
        .links=${broadcast.links}
        @eva-vote=${({ detail }: CustomEvent<Vote>) => {
          void this.#feed?.vote(voteBody(detail.stars, this.stage?.player ?? null));
        }}
      ></eva-rating>
    </section>`;
  }

  #shareDialog(broadcast: Broadcast, momentMs: number | null): TemplateResult {
    return html`<eva-share
      slug=${broadcast.slug}
      .name=${broadcast.title}
      .startsAt=${broadcast.starts_at}
      .momentMs=${momentMs}
      .embeddable=${!broadcast.partners_only && broadcast.access === "open"}
      @eva-close=${() => {
        this.sharing = undefined;
      }}
    ></eva-share>`;
  }

  #share(): void {
    // The link that the viewer reads is the one that is copied: time does not go on in it.
    this.sharing = this.#moment();
    void import("../../share/share-dialog.ts");
  }

  /** When the picture on screen was taken, milliseconds since 1970; null where nobody can tell. */
  readonly #moment = (): number | null => {
    const capturedUs = this.stage?.player?.capturedUs ?? null;
    return capturedUs === null ? null : capturedUs / 1000;
  };

  #onCamera(event: CustomEvent<CameraWish>): void {
    const broadcast = this.#feed?.store.state.broadcast ?? null;
    if (broadcast !== null) {
      this.chosen = choiceOf(broadcast, event.detail.id);
    }
  }

  #onLayout(event: CustomEvent<LayoutWish>): void {
    this.layout = event.detail.layout;
  }

  #onTheatre(): void {
    this.theatre = this.#wide.matches && !this.theatre;
  }

  #onPlayer(player: PlayerState): void {
    this.shown = player.camera;
    this.phase = player.phase;
    this.#heartbeat?.changed();
  }

  #onEvent(event: ServerEvent): void {
    if (event.type === "edge_lost") {
      this.stage?.edgeLost(event.session ?? event.edge ?? null);
    } else if (event.type === "view") {
      this.operatorViews = withView(this.operatorViews, event);
    } else if (event.type === "rating_series") {
      this.#curveSoon.ask();
    } else {
      if (event.type === "state") {
        this.#curveSoon.ask(); // It comes anew after whatever has been missed.
      }
      this.comments?.take?.(event);
    }
  }
}

function empty(view: BroadcastView): TemplateResult {
  if (view.closed) {
    return closed();
  }
  if (view.gone) {
    return gone();
  }
  return view.trouble === null
    ? html`<main aria-busy="true"></main>`
    : unloadable(explain(view.trouble));
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-broadcast": EvaBroadcast;
  }
}
