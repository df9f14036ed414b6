/** `<eva-footer>`: the end of every page, and where to go from there. */

import { localized, msg } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { shared } from "./shared-styles.ts";

/** See the module's header. */
@customElement("eva-footer")
@localized()
export class EvaFooter extends LitElement {
  static override styles = [
    shared,
    css`
      footer {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 1.5rem;
        max-width: var(--page);
        margin-inline: auto;
        padding: 1.25rem var(--gutter) 2rem;
        border-top: 1px solid var(--line);
        font-size: 0.875rem;
      }
      a {
        display: inline-flex;
        align-items: center;
        min-height: 2rem;
        color: var(--ink-soft);
      }
      a:hover {
        color: var(--accent);
      }
    `,
  ];

  /** The page lists all broadcasts itself. */
  @property({ type: Boolean }) home = false;

  protected override render(): TemplateResult {
    return html`<footer>
      ${this.home ? nothing : html`<a href="/">${msg("See all broadcasts")}</a>`}
      <a href="/docs/embed">${msg("How to embed and control the player")}</a>
    </footer>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-footer": EvaFooter;
  }
}
