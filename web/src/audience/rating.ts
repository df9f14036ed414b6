/**
 * `<eva-rating>`: five stars to vote with, and everybody's verdict.
 *
 * It asks with `eva-vote` and colours a star only when the rating that comes down says that the vote
 * counts; until then the chosen stars are drawn in outline.
 */

import { localized, msg } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { classMap } from "lit/directives/class-map.js";
import { live } from "lit/directives/live.js";
import type { Link, Rating } from "../protocol/broadcast.ts";
import type { VoteProgress } from "../store/reducer.ts";
import { linkText, safeHref } from "../text/address.ts";
import { star } from "../ui/icons.ts";
import { locale } from "../ui/locale.ts";
import { shared } from "../ui/shared-styles.ts";
import { ratingSummary, starsText, voteText } from "./rating-text.ts";

const ALL_STARS = [1, 2, 3, 4, 5] as const;

/** Arrow keys walk through the radio buttons; a vote leaves once the walk has ended. */
const WALK_MS = 600;

/** From here up a viewer is glad; below, we ask what could be better. */
const GLAD_STARS = 4;

/** The detail of `eva-vote`. */
export interface Vote {
  /** 1 to 5. */
  stars: number;
}

/**
 * See the module's header.
 *
 * @fires eva-vote - {@link Vote}; bubbles, composed
 */
@customElement("eva-rating")
@localized()
export class EvaRating extends LitElement {
  static override styles = [
    shared,
    css`
      .stars {
        display: flex;
        margin-inline-start: -0.375rem;
      }
      label {
        position: relative;
        display: grid;
        place-items: center;
        flex: 0 1 2.75rem;
        min-width: 1.5rem;
        height: 2.75rem;
        border-radius: var(--round-small);
        color: var(--line-strong);
        font-size: 1.375rem;
        cursor: pointer;
        transition:
          color var(--quick),
          transform var(--quick);
      }
      label.asked,
      label.counts,
      .stars:hover label:has(~ label:hover),
      label:hover {
        color: var(--star);
      }
      label.counts svg {
        fill: currentColor;
      }
      label.asked svg {
        fill: color-mix(in srgb, currentColor 25%, transparent);
      }
      label:active {
        transform: scale(0.88);
      }
      label:focus-within:has(:focus-visible) {
        outline: 2px solid var(--accent);
        outline-offset: -2px;
      }
      input {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        margin: 0;
        opacity: 0;
        cursor: inherit;
      }
      .summary {
        margin-top: 0.375rem;
        color: var(--ink-soft);
      }
      .yours {
        min-height: 1.6em;
        color: var(--ink-faint);
        font-size: 0.875rem;
      }
      .yours.refused {
        color: var(--danger);
      }
      .follow {
        margin-top: 0.75rem;
        padding: 0.875rem 1rem;
        border-radius: var(--round);
        background: var(--raised);
      }
      .follow ul {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
        margin-top: 0.5rem;
      }
      .follow a {
        display: inline-flex;
        align-items: center;
        min-height: 2.5rem;
        padding: 0 1rem;
        border-radius: 1.25rem;
        background: var(--accent);
        color: var(--on-accent);
        font-weight: 650;
        text-decoration: none;
      }
      .follow a:hover {
        background: var(--accent-strong);
      }
    `,
  ];

  /** The verdict, with this viewer's own vote. */
  @property({ attribute: false }) rating: Rating = { average: null, count: 0, yours: null };
  /** What this viewer's vote is doing. */
  @property({ attribute: false }) progress: VoteProgress = { kind: "idle" };

  /** The broadcast, for what its viewers have to say; an empty text leaves that out. */
  @property() slug = "";
  /** Where a glad viewer may follow. */
  @property({ attribute: false }) links: readonly Link[] = [];

  @state() private walking: number | null = null;
  #walk: ReturnType<typeof setTimeout> | undefined;
  #byKey = false;
  /** A vote has counted here; what follows it stays while another one is on its way, or refused. */
  #hasVoted = false;

  /** Puts the focus on the stars: on this viewer's own, or the first. */
  override focus(options?: FocusOptions): void {
    const { renderRoot } = this;
    const own = renderRoot.querySelector<HTMLElement>("input:checked");
    (own ?? renderRoot.querySelector<HTMLElement>("input"))?.focus(options);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#endWalk(); // Not every browser takes the focus away from what goes.
  }

  protected override willUpdate(): void {
    this.#hasVoted ||= this.progress.kind === "counted";
  }

  protected override render(): TemplateResult {
    const { progress } = this;
    return html`
      <fieldset
        @keydown=${() => this.#setByKey(true)}
        @pointerdown=${() => this.#setByKey(false)}
        @focusout=${this.#onFocusOut}
        aria-describedby="summary"
      >
        <legend class="hidden">${msg("Rate this broadcast")}</legend>
        <div class="stars">${ALL_STARS.map((stars) => this.#star(stars))}</div>
      </fieldset>
      <p class="summary figures" id="summary">
        ${ratingSummary(this.rating, locale())}
      </p>
      <p class=${classMap({ yours: true, refused: progress.kind === "refused" })} role="status">
        ${voteText(this.rating, progress) || nothing}
      </p>
      ${this.#hasVoted ? this.#afterwards(this.rating.yours ?? 0) : nothing}
    `;
  }

  /** What follows a vote: ways to follow the broadcast, or a question. */
  #afterwards(stars: number): TemplateResult | typeof nothing {
    if (stars < GLAD_STARS) {
      if (this.slug === "") {
        return nothing;
      }
      import("./feedback.ts").catch(() => undefined); // Without a network nothing could be sent.
      return html`<eva-feedback slug=${this.slug}></eva-feedback>`;
    }
    const follow = this.links.flatMap(({ kind, label, url }) => {
      const href = safeHref(url);
      return kind === "follow" && href !== null ? [{ href, label: linkText(label, href) }] : [];
    });
    return follow.length === 0
      ? nothing
      : html`<div class="follow">
          <p>${msg("Glad that you like it! Follow us:")}</p>
          <ul>
            ${follow.map(
              ({ href, label }) =>
                html`<li><a href=${href} rel="noopener" target="_blank"><bdi>${label}</bdi></a></li>`,
            )}
          </ul>
        </div>`;
  }

  #star(stars: number): TemplateResult {
    const asked = this.walking ?? (this.progress.kind === "sending" ? this.progress.stars : null);
    const counts = asked === null && stars <= (this.rating.yours ?? 0);
    return html`<label
      class=${classMap({ asked: asked !== null && stars <= asked, counts })}
      title=${starsText(stars)}
    >
      <input
        type="radio"
        name="stars"
        value=${stars}
        aria-label=${starsText(stars)}
        .checked=${live((asked ?? this.rating.yours) === stars)}
        @change=${() => this.#choose(stars)}
      />
      ${star}
    </label>`;
  }

  #setByKey(byKey: boolean): void {
    this.#byKey = byKey;
  }

  #choose(stars: number): void {
    clearTimeout(this.#walk);
    if (!this.#byKey) {
      this.#vote(stars);
      return;
    }
    this.walking = stars;
    this.#walk = setTimeout(() => this.#vote(stars), WALK_MS);
  }

  /** Whoever leaves the stars has walked as far as they wanted. */
  #onFocusOut({ currentTarget, relatedTarget }: FocusEvent): void {
    if (!(currentTarget as Element).contains(relatedTarget as Element | null)) {
      this.#endWalk();
    }
  }

  #endWalk(): void {
    clearTimeout(this.#walk);
    if (this.walking !== null) {
      this.#vote(this.walking);
    }
  }

  #vote(stars: number): void {
    this.walking = null;
    const detail: Vote = { stars };
    this.dispatchEvent(new CustomEvent("eva-vote", { detail, bubbles: true, composed: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-rating": EvaRating;
  }
  interface HTMLElementEventMap {
    "eva-vote": CustomEvent<Vote>;
  }
}
