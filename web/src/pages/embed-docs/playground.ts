/**
 * `<eva-playground slug="…">`: an embedded player to try things with, its code, and all it tells.
 *
 * It is the partner's side for real: the page includes `/embed.js` as any other page does.
 */

import { localized, msg } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { LANGUAGES } from "../../i18n/language.ts";
import type { Broadcast } from "../../protocol/broadcast.ts";
import { checkStyles } from "../../ui/check-styles.ts";
import { shared } from "../../ui/shared-styles.ts";
import { docsStyles } from "./docs-styles.ts";

/** So many lines of news are kept; older ones are dropped. */
const KEPT_NEWS = 30;

const COMMANDS = ["play", "pause", "mute", "unmute"] as const;

/** What `/embed.js` defines. */
type Embedded = HTMLElement &
  Record<(typeof COMMANDS)[number], () => Promise<void> | void> & {
    setCamera(id: string | null): void;
    setQuality(name: string | null): void;
  };

/** See the module's header. */
@customElement("eva-playground")
@localized()
export class EvaPlayground extends LitElement {
  static override styles = [shared, checkStyles, docsStyles];

  /** The broadcasts to choose from. */
  @property({ attribute: false }) broadcasts: readonly Broadcast[] = [];
  @state() private slug = "";
  @state() private language = "";
  @state() private theme = "";
  @state() private partner = "";
  @state() private controls = true;
  @state() private news: readonly string[] = [];
  @query("eva-player") private readonly embedded!: Embedded | null;

  override connectedCallback(): void {
    super.connectedCallback();
    if (document.querySelector('script[src="/embed.js"]') === null) {
      const script = document.createElement("script");
      script.src = "/embed.js";
      script.async = true;
      document.head.append(script);
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    const broadcast =
      this.broadcasts.find((one) => one.slug === this.slug) ?? this.broadcasts[0] ?? null;
    if (broadcast === null) {
      return html`<p>${msg("There is no broadcast to try this with.")}</p>`;
    }
    return html`<div class="playground">
      <div class="try">${this.#element(broadcast)} ${this.#buttons(broadcast)}</div>
      <div class="settings">
        ${this.#settings(broadcast)}
        <eva-code .text=${this.#code(broadcast)}></eva-code>
        <h3 id="news">${msg("What the player tells")}</h3>
        <ol class="news" aria-labelledby="news" tabindex="0">
          ${this.news.map((one) => html`<li><code>${one}</code></li>`)}
        </ol>
      </div>
    </div>`;
  }

  #element(broadcast: Broadcast): TemplateResult {
    const tell = (event: Event): void => {
      const value = JSON.stringify((event as CustomEvent<unknown>).detail);
      this.news = [`${event.type} ${value}`, ...this.news].slice(0, KEPT_NEWS);
    };
    return html`<eva-player
      src="/b/${broadcast.slug}"
      title=${broadcast.title}
      lang=${this.language === "" ? nothing : this.language}
      theme=${this.theme === "" ? nothing : this.theme}
      partner=${this.partner === "" ? nothing : this.partner}
      controls=${this.controls ? nothing : "0"}
      @ready=${tell}
      @state=${tell}
      @play=${tell}
      @pause=${tell}
      @volumechange=${tell}
      @rating=${tell}
      @viewers=${tell}
      @error=${tell}
      @time=${tell}
    ></eva-player>`;
  }

  async #command(name: (typeof COMMANDS)[number]): Promise<void> {
    try {
      await this.embedded?.[name]();
    } catch (error) {
      this.news = [`${name}() ${String(error)}`, ...this.news].slice(0, KEPT_NEWS);
    }
  }

  #buttons(broadcast: Broadcast): TemplateResult {
    return html`<div class="buttons" role="group" aria-label=${msg("Commands")}>
      ${COMMANDS.map(
        (one) => html`<button type="button" @click=${() => void this.#command(one)}>
          ${one}()
        </button>`,
      )}
      ${broadcast.cameras.map(
        ({ id }) => html`<button type="button" @click=${() => this.embedded?.setCamera(id)}>
          setCamera("${id}")
        </button>`,
      )}
      ${[...rungs(broadcast), null].map(
        (name) => html`<button type="button" @click=${() => this.embedded?.setQuality(name)}>
          setQuality(${JSON.stringify(name)})
        </button>`,
      )}
    </div>`;
  }

  #settings(broadcast: Broadcast): TemplateResult {
    const value = (event: Event): string => (event.currentTarget as HTMLSelectElement).value;
    return html`<div class="fields">
      <label>
        ${msg("Broadcast")}
        <select
          @change=${(event: Event) => {
            this.slug = value(event);
          }}
        >
          ${this.broadcasts.map(
            (one) =>
              html`<option value=${one.slug} ?selected=${one === broadcast}>${one.title}</option>`,
          )}
        </select>
      </label>
      <label>
        ${msg("Language")}
        <select
          @change=${(event: Event) => {
            this.language = value(event);
          }}
        >
          <option value="">${msg("The viewer's own")}</option>
          ${LANGUAGES.map((one) => html`<option value=${one}>${one}</option>`)}
        </select>
      </label>
      <label>
        ${msg("Theme")}
        <select
          @change=${(event: Event) => {
            this.theme = value(event);
          }}
        >
          <option value="">${msg("The viewer's own")}</option>
          ${["dark", "light"].map((one) => html`<option value=${one}>${one}</option>`)}
        </select>
      </label>
      <label>
        ${msg("Partner")}
        <input
          type="text"
          name="partner"
          pattern="[a-z0-9\\-]{1,64}"
          autocapitalize="off"
          spellcheck="false"
          .value=${this.partner}
          @change=${(event: Event) => {
            const field = event.currentTarget as HTMLInputElement;
            this.partner = field.checkValidity() ? field.value : this.partner;
          }}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          .checked=${this.controls}
          @change=${(event: Event) => {
            this.controls = (event.currentTarget as HTMLInputElement).checked;
          }}
        />
        ${msg("Controls")}
      </label>
    </div>`;
  }

  #code(broadcast: Broadcast): string {
    const attributes = [
      `src="${location.origin}/b/${broadcast.slug}"`,
      ...(this.partner === "" ? [] : [`partner="${this.partner}"`]),
      ...(this.language === "" ? [] : [`lang="${this.language}"`]),
      ...(this.theme === "" ? [] : [`theme="${this.theme}"`]),
      ...(this.controls ? [] : ['controls="0"']),
    ];
    return (
      `<script src="${location.origin}/embed.js" async></script>\n` +
      `<eva-player ${attributes.join("\n  ")}></eva-player>`
    );
  }
}

/** The names of the rungs of the camera that one sees first. */
function rungs({ cameras, programme }: Broadcast): string[] {
  const camera = cameras.find((one) => one.id === programme) ?? cameras[0];
  return (camera?.renditions ?? []).map((one) => one.name);
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-playground": EvaPlayground;
  }
}
