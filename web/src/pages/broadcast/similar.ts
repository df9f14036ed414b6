/** `<eva-similar slug="…">`: broadcasts that are like this one. */

import { localized, msg } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { contentLanguage, type SimilarBroadcast } from "../../protocol/broadcast.ts";
import { getSimilar } from "../../transport/api.ts";
import { cardArt } from "../../ui/card-art.ts";
import { cardStyles } from "../../ui/card-styles.ts";
import { formatAverage, formatStart } from "../../ui/format.ts";
import { star } from "../../ui/icons.ts";
import { locale } from "../../ui/locale.ts";
import { shared } from "../../ui/shared-styles.ts";
import "../../ui/badge.ts";

/** See the module's header. */
@customElement("eva-similar")
@localized()
export class EvaSimilar extends LitElement {
  static override styles = [
    shared,
    cardStyles,
    css`
      section {
        padding-top: calc(var(--gap) * 1.25);
        border-top: 1px solid var(--line);
      }
      h2 {
        margin-bottom: 1.25rem;
        font: 650 var(--step-2) / 1.2 var(--display);
        letter-spacing: -0.015em;
      }
      ul {
        display: grid;
        gap: var(--gap);
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr));
      }
      li {
        position: relative;
      }
      li:hover eva-limb {
        transform: scale(1.035);
      }
      eva-badge {
        position: absolute;
        top: 0.625rem;
        left: 0.625rem;
      }
      h3 {
        margin-top: 0.75rem;
        font: 650 var(--step-1) / 1.25 var(--display);
        text-wrap: balance;
        overflow-wrap: anywhere;
      }
      a:hover {
        text-decoration: underline;
      }
      .facts {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 0.9rem;
        margin-top: 0.25rem;
        color: var(--ink-faint);
        font-size: 0.875rem;
      }
      .stars {
        display: inline-flex;
        align-items: center;
        gap: 0.35rem;
      }
    `,
  ];

  /** The broadcast. */
  @property() slug = "";
  @state() private broadcasts: readonly SimilarBroadcast[] = [];

  protected override firstUpdated(): void {
    void this.#load();
  }

  protected override render(): TemplateResult | typeof nothing {
    if (this.broadcasts.length === 0) {
      return nothing;
    }
    return html`<section aria-labelledby="similar">
      <h2 id="similar">${msg("You may also like")}</h2>
      <ul>
        ${this.broadcasts.map((one) => card(one))}
      </ul>
    </section>`;
  }

  async #load(): Promise<void> {
    try {
      this.broadcasts = await getSimilar(this.slug);
    } catch {
      // A page without suggestions is a whole page.
    }
  }
}

function card(one: SimilarBroadcast): TemplateResult {
  const { average } = one.rating;
  return html`<li>
    <div class="art">
      ${cardArt(one.slug, one.still ?? null)}
      <eva-badge
        state=${one.state}
        .startsAt=${one.starts_at}
        ?silent=${(one.still ?? null) === null}
      ></eva-badge>
    </div>
    <h3 lang=${contentLanguage(one)}><a href="/b/${one.slug}"><bdi>${one.title}</bdi></a></h3>
    <p class="facts">
      ${
        average === null
          ? nothing
          : html`<span class="stars figures">${star}${formatAverage(average, locale())}</span>`
      }
      ${
        one.starts_at === null
          ? nothing
          : html`<time datetime=${one.starts_at}>${formatStart(one.starts_at, locale())}</time>`
      }
    </p>
  </li>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-similar": EvaSimilar;
  }
}
