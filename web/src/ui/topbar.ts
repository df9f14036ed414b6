/** `<eva-topbar>`: the house's name, the way home, and the theme. */

import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { moon, sun } from "./icons.ts";
import { mark } from "./mark.ts";
import { shared } from "./shared-styles.ts";
import { applyTheme, chooseTheme, currentTheme, type Theme } from "./theme.ts";

/** See the module's header. */
@customElement("eva-topbar")
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
    return html`<header>
      <a href="/">${mark}<span>EVA Relay</span></a>
      <button
        type="button"
        aria-label="Switch to the ${other} theme"
        title="Switch to the ${other} theme"
        @click=${() => this.#choose(other)}
      >
        ${other === "light" ? sun : moon}
      </button>
    </header>`;
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
