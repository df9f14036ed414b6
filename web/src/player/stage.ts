/**
 * `<eva-stage>`: the cameras of a broadcast, one big or several at once.
 *
 * The big picture has the sound and the controls, and stays in its place in the document whatever the
 * layout. The small ones take the lowest rung, and all of them wait for the slowest, so that they show
 * one moment.
 */

import { localized, msg, str } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Broadcast, Camera } from "../protocol/broadcast.ts";
import type { ClockSync } from "../store/clock-sync.ts";
import type { Line } from "../transport/events-socket.ts";
import { shared } from "../ui/shared-styles.ts";
import { type Alignment, align, UNALIGNED } from "./align.ts";
import { layoutName } from "./bar.ts";
import {
  cameraKnowledge,
  lowestRung,
  nextCamera,
  nextLayout,
  smallCameras,
  wantedRung,
} from "./choice.ts";
import type { EvaPlayer } from "./player.ts";
import type { Action } from "./shortcuts.ts";
import type { OperatorViews } from "./sphere/looking.ts";
import { stageStyles } from "./stage-styles.ts";
import { type Layout, type QualityWish, wish } from "./wishes.ts";
import "./player.ts";

const ALIGN_MS = 1000;

/** See the module's header. Wishes for cameras and layouts go up; the page answers by properties. */
@customElement("eva-stage")
@localized()
export class EvaStage extends LitElement {
  static override styles = [shared, stageStyles];

  /** The broadcast. */
  @property({ attribute: false }) broadcast: Broadcast | null = null;
  /** The camera in the big picture. */
  @property({ attribute: false }) camera: Camera | null = null;
  /** Whether news of the cameras arrives. */
  @property({ attribute: false }) line: Line = "connecting";
  /** How the cameras are laid out. */
  @property({ attribute: false }) layout: Layout = "single";
  /** The page gives the picture its whole width; null where it has no other. */
  @property({ attribute: false }) theatre: boolean | null = null;
  /** The server's clock. */
  @property({ attribute: false }) clock: ClockSync | null = null;
  /** Where operators look, by camera. */
  @property({ attribute: false }) operatorViews: OperatorViews = new Map();

  /** The rung that the viewer has chosen, or null. */
  @state() private rendition: string | null = null;
  @state() private alignment: Alignment = UNALIGNED;
  @query("eva-player:not([bare])") readonly player!: EvaPlayer | null;
  @query(".tiles") private readonly tiles!: HTMLElement | null;
  #timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => this.#align(), ALIGN_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  /** Carries out what a key asks for. */
  perform(action: Action): void {
    const { broadcast, camera } = this;
    if (broadcast === null) {
      return;
    }
    if (action.kind === "camera") {
      const next = nextCamera(broadcast.cameras, camera?.id ?? null, action.by);
      if (next !== null) {
        wish(this, "eva-camera", { id: next.id });
      }
    } else if (action.kind === "layout") {
      wish(this, "eva-layout", { layout: nextLayout(this.layout) });
    } else if (action.kind === "theatre") {
      wish(this, "eva-theatre", null);
    } else {
      this.player?.perform(action);
    }
  }

  /** An edge has died; see {@link EvaPlayer.edgeLost}. */
  edgeLost(name: string | null): void {
    for (const player of this.#players()) {
      player.edgeLost(name);
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    const { broadcast } = this;
    if (broadcast === null) {
      return nothing;
    }
    const single = broadcast.state === "before" ? "single" : this.layout;
    const others = smallCameras(broadcast.cameras, this.camera?.id ?? null, single);
    const layout = others.length === 0 ? "single" : this.layout;
    return html`<div
      class="tiles ${layout}"
      data-others=${others.length}
      role="group"
      aria-label=${layoutName(layout)}
      @eva-quality=${(event: CustomEvent<QualityWish>) => {
        this.rendition = event.detail.rendition;
      }}
    >
      <div class="tile main">
        ${this.#main(broadcast, others.length === 0)}
        ${others.length === 0 ? nothing : html`<bdi class="name">${this.camera?.name}</bdi>`}
      </div>
      ${repeat(
        others,
        (one) => one.id,
        (one) => this.#small(broadcast, one),
      )}
    </div>`;
  }

  protected override updated(): void {
    const { player, tiles } = this;
    if (player !== null && tiles !== null && player.fullscreenElement !== tiles) {
      player.fullscreenElement = tiles;
    }
  }

  #main(broadcast: Broadcast, alone: boolean): TemplateResult {
    const { camera } = this;
    return html`<eva-player
      slug=${broadcast.slug}
      .camera=${camera?.id ?? null}
      .cameraName=${camera?.name ?? ""}
      .cameraState=${cameraKnowledge(camera, this.line, broadcast.state)}
      .broadcastState=${broadcast.state}
      .startsAt=${broadcast.starts_at}
      .projection=${camera?.projection ?? "flat"}
      .rendition=${wantedRung(camera, this.rendition)}
      .ladder=${camera?.renditions ?? []}
      .clock=${this.clock}
      .operatorView=${this.operatorViews.get(camera?.id ?? "") ?? null}
      .holdMs=${alone ? null : (this.alignment.holds.get(camera?.id ?? "") ?? 0)}
      .choices=${{
        cameras: broadcast.cameras,
        programme: broadcast.programme,
        layout: broadcast.cameras.length > 1 ? this.layout : null,
        theatre: this.theatre,
      }}
    ></eva-player>`;
  }

  #small(broadcast: Broadcast, camera: Camera): TemplateResult {
    const stop = (event: Event): void => event.stopPropagation();
    return html`<div class="tile small" @eva-state=${stop} @eva-paused=${stop}>
      <eva-player
        bare
        small
        slug=${broadcast.slug}
        .camera=${camera.id}
        .cameraName=${camera.name}
        .cameraState=${cameraKnowledge(camera, this.line, broadcast.state)}
        .broadcastState=${broadcast.state}
        .projection=${camera.projection}
        .rendition=${lowestRung(camera)}
        .ladder=${camera.renditions}
        .clock=${this.clock}
        .choices=${{ cameras: [camera], programme: null, layout: null }}
        .holdMs=${this.alignment.holds.get(camera.id) ?? 0}
      ></eva-player>
      <button
        type="button"
        aria-label=${msg(str`Show ${camera.name} big`)}
        @click=${() => wish(this, "eva-camera", { id: camera.id })}
      >
        <bdi>${camera.name}</bdi>
      </button>
    </div>`;
  }

  #players(): EvaPlayer[] {
    return [...this.renderRoot.querySelectorAll("eva-player")];
  }

  #align(): void {
    const measured = this.#players().flatMap(({ camera, health }) =>
      camera === null || health === null || health.latencyMs === null
        ? []
        : [{ id: camera, latencyMs: health.latencyMs, bufferMs: health.bufferMs }],
    );
    if (measured.length > 1 || this.alignment !== UNALIGNED) {
      this.alignment = align(this.alignment, measured);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-stage": EvaStage;
  }
}
