/**
 * `<eva-cameras>`: the cameras of a broadcast as a toolbar.
 *
 * Arrow keys move between its buttons, Enter or Space switches; walking past a camera costs no session.
 * The pressed one is that whose picture is on screen: it changes when the picture has.
 */

import { localized, msg } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { classMap } from "lit/directives/class-map.js";
import { absence } from "../../player/bar.ts";
import { wish } from "../../player/wishes.ts";
import type { Camera } from "../../protocol/broadcast.ts";
import { camera as cameraIcon } from "../../ui/icons.ts";
import { shared } from "../../ui/shared-styles.ts";
import "../../ui/still.ts";

const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowRight: 1,
  ArrowUp: -1,
  ArrowLeft: -1,
};

/** More of them than this have a scroll of their own. */
const MANY = 8;

/**
 * See the module's header.
 *
 * @fires eva-camera - `CameraWish`; bubbles, composed
 */
@customElement("eva-cameras")
@localized()
export class EvaCameras extends LitElement {
  static override styles = [
    shared,
    css`
      [role="toolbar"] {
        display: grid;
        gap: 0.25rem;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr));
      }
      /* A wall of cameras scrolls by itself, so that the stars beneath it stay near. */
      .many {
        max-height: 34rem;
        overflow-y: auto;
      }
      button {
        position: relative;
        display: grid;
        grid-template-columns: 6rem minmax(0, 1fr);
        align-items: center;
        gap: 0 0.875rem;
        min-height: 3.25rem;
        padding: 0.375rem;
        border: 0;
        border-radius: var(--round);
        background: none;
        text-align: start;
        cursor: pointer;
        transition: background var(--quick);
      }
      button:hover {
        background: var(--raised);
      }
      button:focus-visible {
        outline-offset: -2px;
      }
      button[aria-pressed="true"] {
        background: var(--raised);
        box-shadow: inset 0 0 0 2px var(--accent);
      }
      /* The thumbnail is dark in either theme, as pictures are. */
      .thumb {
        position: relative;
        display: grid;
        place-items: center;
        aspect-ratio: 16 / 9;
        overflow: hidden;
        border-radius: var(--round-small);
        background: #0b111b;
        color: #5a6880;
        font-size: 1.125rem;
      }
      .thumb eva-still {
        position: absolute;
        inset: 0;
      }
      .words {
        display: grid;
        justify-items: start;
        gap: 0.25rem;
        min-width: 0;
      }
      .name {
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
        max-width: 100%;
        overflow: hidden;
        font-weight: 600;
        line-height: 1.3;
        overflow-wrap: anywhere;
      }
      button:not(.live) .name {
        color: var(--ink-soft);
      }
      .note {
        color: var(--ink-faint);
        font-size: var(--step--1);
        line-height: 1.3;
      }
      .note.air {
        padding: 0.05rem 0.45rem;
        border-radius: var(--round-small);
        background: var(--live);
        color: var(--on-live);
        font-weight: 650;
      }
      .pending::after {
        content: "";
        position: absolute;
        inset: auto 0.75rem 0;
        height: 2px;
        background: var(--accent);
        transform-origin: left;
        animation: fetch 1.2s ease-in-out infinite;
      }
      @keyframes fetch {
        from {
          transform: scaleX(0);
        }
        to {
          transform: scaleX(1);
        }
      }
      /* Shadows and backgrounds are not drawn in forced colours; borders are. */
      @media (forced-colors: active) {
        button[aria-pressed="true"] {
          border: 3px solid Highlight;
        }
        .note.air {
          border: 1px solid currentColor;
        }
        .pending::after {
          background: Highlight;
          forced-color-adjust: none;
        }
      }
      @media (prefers-reduced-motion: reduce) {
        .pending::after {
          animation: none;
        }
      }
    `,
  ];

  /** The broadcast; an empty text while its cameras' stills are not for everybody. */
  @property() slug = "";
  /** The language of their names, BCP 47. */
  @property({ attribute: false }) language = "";
  /** The cameras. */
  @property({ attribute: false }) cameras: readonly Camera[] = [];
  /** The camera on air. */
  @property({ attribute: false }) programme: string | null = null;
  /** The camera that has been asked for. */
  @property({ attribute: false }) wanted: string | null = null;
  /** The camera whose picture is on screen. */
  @property({ attribute: false }) shown: string | null = null;

  /** A picture that is not there yet is on its way. */
  @property({ attribute: false }) fetching = false;

  /** There has been a picture: until then nothing else is fetched. */
  private pictured = false;

  @state() private focused: string | null = null;

  protected override render(): TemplateResult {
    this.pictured ||= this.shown !== null;
    const many = this.cameras.length > MANY;
    return html`<div
      role="toolbar"
      class=${many ? "many" : ""}
      aria-label=${msg("Cameras")}
      @keydown=${this.#onKey}
    >
      ${this.cameras.map((camera) => this.#button(camera))}
    </div>`;
  }

  #button(camera: Camera): TemplateResult {
    const selected = camera.id === (this.shown ?? this.wanted);
    const pending = this.fetching && camera.id === this.wanted && camera.id !== this.shown;
    const reachable = camera.id === (this.focused ?? this.shown ?? this.wanted);
    return html`<button
      type="button"
      data-id=${camera.id}
      class=${classMap({ live: camera.live, pending })}
      aria-pressed=${selected}
      aria-busy=${pending}
      tabindex=${reachable ? 0 : -1}
      @focus=${() => this.#setFocused(camera.id)}
      @blur=${() => this.#setFocused(null)}
      @click=${() => this.#wish(camera.id)}
    >
      <span class="thumb" aria-hidden="true"
        >${cameraIcon}${
          camera.live && this.slug !== "" && this.pictured
            ? html`<eva-still src="/b/${this.slug}/still.jpg?camera=${camera.id}&small=1"></eva-still>`
            : nothing
        }</span
      >
      <span class="words">
        <bdi class="name" lang=${this.language}>${camera.name}</bdi>
        ${this.#note(camera)}
      </span>
    </button>`;
  }

  #note(camera: Camera): TemplateResult | typeof nothing {
    if (!camera.live) {
      return html`<span class="note">${absence(camera)}</span>`;
    }
    return camera.id === this.programme
      ? html`<span class="note air">${msg("On air")}</span>`
      : nothing;
  }

  #setFocused(id: string | null): void {
    this.focused = id;
  }

  #wish(id: string): void {
    wish(this, "eva-camera", { id });
  }

  #onKey(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (step === undefined) {
      return;
    }
    event.preventDefault();
    const buttons = [...this.renderRoot.querySelectorAll("button")];
    const here = buttons.findIndex((one) => one.dataset.id === this.focused);
    buttons[(here + step + buttons.length) % buttons.length]?.focus();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-cameras": EvaCameras;
  }
}
