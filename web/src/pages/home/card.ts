/** `<eva-card>`: one broadcast on the front page. The whole card is its link. */

import { localized, msg, str } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { viewers } from "../../audience/viewers.ts";
import { type Broadcast, contentLanguage, stillOf } from "../../protocol/broadcast.ts";
import { cardArt } from "../../ui/card-art.ts";
import { cardStyles } from "../../ui/card-styles.ts";
import { formatAverage, formatStart } from "../../ui/format.ts";
import { star } from "../../ui/icons.ts";
import { locale } from "../../ui/locale.ts";
import { shared } from "../../ui/shared-styles.ts";
import { isSilent } from "./order.ts";
import "../../ui/badge.ts";

/** See the module's header. */
@customElement("eva-card")
@localized()
export class EvaCard extends LitElement {
  static override styles = [
    shared,
    cardStyles,
    css`
      article {
        position: relative;
      }
      article:hover eva-limb {
        transform: scale(1.035);
      }
      eva-badge {
        position: absolute;
        top: 0.75rem;
        left: 0.75rem;
      }
      h3 {
        margin-top: 0.9rem;
        font: 650 var(--step-2) / 1.2 var(--display);
        letter-spacing: -0.015em;
        text-wrap: balance;
      }
      article:hover a {
        text-decoration: underline;
        text-decoration-color: var(--accent);
        text-decoration-thickness: 2px;
        text-underline-offset: 0.18em;
      }
      .facts {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 1.1rem;
        margin-top: 0.4rem;
        color: var(--ink-faint);
        font-size: 0.875rem;
      }
      .facts span {
        display: inline-flex;
        align-items: center;
        gap: 0.4rem;
      }
    `,
  ];

  /** The broadcast. */
  @property({ attribute: false }) broadcast: Broadcast | null = null;

  protected override render(): TemplateResult | typeof nothing {
    const { broadcast } = this;
    if (broadcast === null) {
      return nothing;
    }
    return html`<article>
      <div class="art">
        ${cardArt(broadcast.slug, stillOf(broadcast))}
        <eva-badge state=${broadcast.state} .startsAt=${broadcast.starts_at} ?silent=${isSilent(broadcast)}></eva-badge>
      </div>
      <h3 lang=${contentLanguage(broadcast)}><a href="/b/${broadcast.slug}"><bdi>${broadcast.title}</bdi></a></h3>
      <p class="facts">
        ${
          broadcast.starts_at === null
            ? nothing
            : html`<time datetime=${broadcast.starts_at}
              >${formatStart(broadcast.starts_at, locale())}</time
            >`
        }
        ${broadcast.state === "live" ? viewers(broadcast.viewers) : nothing} ${verdict(broadcast)}
      </p>
    </article>`;
  }
}

/** A broadcast's average in short, or nothing while there are no votes. */
export function verdict({ rating }: Broadcast): TemplateResult | typeof nothing {
  if (rating.average === null || rating.count === 0) {
    return nothing;
  }
  const average = formatAverage(rating.average, locale());
  return html`<span class="stars figures"
    >${star}<span aria-hidden="true">${average}</span
    ><span class="hidden">${msg(str`Rated ${average} out of 5`)}</span></span
  >`;
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-card": EvaCard;
  }
}
