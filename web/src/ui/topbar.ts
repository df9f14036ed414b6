/** `<eva-topbar>`: the house's name, the way home, the language and the theme. */

import { localized, msg } from "@lit/localize";
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import {
  chooseLanguage,
  isLanguage,
  LANGUAGE_NAMES,
  LANGUAGES,
  pageLanguage,
} from "../i18n/language.ts";
import { globe, moon, sun } from "./icons.ts";
import { mark } from "./mark.ts";
import { shared } from "./shared-styles.ts";
import { applyTheme, chooseTheme, currentTheme, type Theme } from "./theme.ts";

/** See the module's header. */
@customElement("eva-topbar")
@localized()
export class EvaTopbar extends LitElement {
  static override styles = [
    shared,
    css`
      header {
        display: flex;
        align-items: center;
        justify-content: space-between;
        max-width: var(--page);
        margin-inline: auto;
        padding: 0.75rem var(--gutter);
      }
      a {
        display: inline-flex;
        align-items: center;
        gap: 0.7rem;
        min-height: 2.5rem;
        font: 650 1.0625rem/1 var(--display);
        letter-spacing: -0.01em;
        text-decoration: none;
      }
      .tools {
        display: flex;
        align-items: center;
        gap: 0.25rem;
      }
      .language {
        position: relative;
        display: inline-flex;
        align-items: center;
        gap: 0.4rem;
        height: 2.5rem;
        padding-inline: 0.6rem;
        border-radius: 1.25rem;
        color: var(--ink-soft);
        font-size: 0.9375rem;
      }
      .language:hover {
        background: var(--raised);
        color: var(--ink);
      }
      .language:focus-within:has(:focus-visible) {
        outline: 2px solid var(--accent);
      }
      /* The list is the system's own; over it lies what the house shows of it. */
      select {
        position: absolute;
        inset: 0;
        width: 100%;
        border: 0;
        opacity: 0;
        font: inherit;
        cursor: pointer;
      }
      option {
        color: #0b1220;
        background: #fff;
      }
      @media (max-width: 24rem) {
        .language span {
          display: none;
        }
      }
      button {
        display: grid;
        place-items: center;
        width: 2.5rem;
        height: 2.5rem;
        margin-inline-end: -0.5rem;
        border: 0;
        border-radius: 50%;
        background: none;
        color: var(--ink-soft);
        cursor: pointer;
        transition: background var(--quick);
      }
      button:hover {
        background: var(--raised);
        color: var(--ink);
      }
    `,
  ];

  @state() private theme: Theme = currentTheme();

  override connectedCallback(): void {
    super.connectedCallback();
    applyTheme();
  }

  protected override render(): TemplateResult {
    const other = this.theme === "dark" ? "light" : "dark";
    const name =
      other === "dark" ? msg("Switch to the dark theme") : msg("Switch to the light theme");
    return html`<header>
      <a href="/">${mark}<span>EVA Relay</span></a>
      <div class="tools">
        ${this.#languages()}
        <button type="button" aria-label=${name} title=${name} @click=${() => this.#choose(other)}>
          ${other === "light" ? sun : moon}
        </button>
      </div>
    </header>`;
  }

  #languages(): TemplateResult {
    const present = pageLanguage();
    return html`<div class="language">
      ${globe}<span aria-hidden="true">${LANGUAGE_NAMES[present]}</span>
      <select
        aria-label=${msg("Language")}
        @change=${(event: Event) => {
          const { value } = event.currentTarget as HTMLSelectElement;
          if (isLanguage(value)) {
            void chooseLanguage(value);
          }
        }}
      >
        ${LANGUAGES.map(
          (one) => html`<option value=${one} lang=${one} ?selected=${one === present}>
            ${LANGUAGE_NAMES[one]}
          </option>`,
        )}
      </select>
    </div>`;
  }

  #choose(theme: Theme): void {
    chooseTheme(theme);
    this.theme = theme;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-topbar": EvaTopbar;
  }
}
