/** `<eva-home>`: the front page. */

import { localized, msg } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { viewers } from "../../audience/viewers.ts";
import { languageReady } from "../../i18n/language.ts";
import { type Broadcast, contentLanguage, stillOf } from "../../protocol/broadcast.ts";
import { plainText } from "../../text/plain.ts";
import { formatStart } from "../../ui/format.ts";
import { arrow } from "../../ui/icons.ts";
import { locale } from "../../ui/locale.ts";
import { shared } from "../../ui/shared-styles.ts";
import { verdict } from "./card.ts";
import { homeStyles } from "./home-styles.ts";
import { BroadcastListController } from "./list.ts";
import { isSilent } from "./order.ts";
import "../../ui/badge.ts";
import "../../ui/footer.ts";
import "../../ui/limb.ts";
import "../../ui/mission-clock.ts";
import "../../ui/still.ts";
import "../../ui/topbar.ts";

function call(broadcast: Broadcast): string {
  return broadcast.state === "live" && !isSilent(broadcast)
    ? msg("Watch live")
    : msg("See the broadcast");
}

/** See the module's header. */
@customElement("eva-home")
@localized()
export class EvaHome extends LitElement {
  static override styles = [shared, homeStyles];

  readonly #list = new BroadcastListController(this);

  /** The first rendering waits for the words. */
  protected override async scheduleUpdate(): Promise<void> {
    await languageReady();
    await super.scheduleUpdate();
  }

  protected override updated(): void {
    document.title = `${msg("Spacewalks, live")} · EVA Relay`; // as the server has written it
  }

  protected override render(): TemplateResult {
    const [first, ...others] = this.#list.broadcasts ?? [];
    const still = first === undefined ? null : stillOf(first);
    return html`
      <main>
        <eva-topbar></eva-topbar>
        <section class="hero ${still === null ? "" : "pictured"}">
          <eva-limb .seed=${first?.slug ?? "eva"} horizon="0.8" dawn="0.63"></eva-limb>
          ${still === null ? nothing : html`<eva-still .src=${still}></eva-still>`}
          <div class="pitch">${first === undefined ? this.#noBroadcasts() : pitch(first)}</div>
        </section>
        ${others.length === 0 ? nothing : more(others)}
      </main>
      <eva-footer home></eva-footer>
    `;
  }

  #noBroadcasts(): TemplateResult | typeof nothing {
    if (this.#list.failed) {
      return html`<h1>${msg("The list of broadcasts cannot be loaded")}</h1>
        <p class="lead">${msg("We keep trying. It appears here as soon as the server answers.")}</p>`;
    }
    if (this.#list.broadcasts === null) {
      return nothing;
    }
    return html`<h1>${msg("Nobody is outside")}</h1>
      <p class="lead">${msg("The next spacewalk appears here as soon as it is announced.")}</p>`;
  }
}

function pitch(broadcast: Broadcast): TemplateResult {
  const { state, starts_at: startsAt } = broadcast;
  const lead = plainText(broadcast.description);
  return html`
    <p class="facts">
      <eva-badge state=${state} .startsAt=${startsAt} ?silent=${isSilent(broadcast)}></eva-badge>
      ${state === "live" ? viewers(broadcast.viewers) : nothing} ${verdict(broadcast)}
      ${
        startsAt === null || state === "live"
          ? nothing
          : html`<time datetime=${startsAt}>${formatStart(startsAt, locale())}</time>`
      }
    </p>
    <h1 lang=${contentLanguage(broadcast)}><bdi>${broadcast.title}</bdi></h1>
    ${lead === "" ? nothing : html`<p class="lead" lang=${contentLanguage(broadcast)}>${lead}</p>`}
    <div class="act">
      <a class="go" href="/b/${broadcast.slug}">${call(broadcast)} ${arrow}</a>
      <eva-mission-clock .state=${state} .startsAt=${startsAt}></eva-mission-clock>
    </div>
  `;
}

function more(broadcasts: readonly Broadcast[]): TemplateResult {
  return html`<section class="more" aria-labelledby="more">
    <h2 id="more">${msg("More broadcasts")}</h2>
    <div class="cards">
      ${repeat(
        broadcasts,
        (one) => one.slug,
        (one) => html`<eva-card .broadcast=${one}></eva-card>`,
      )}
    </div>
  </section>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-home": EvaHome;
  }
}
