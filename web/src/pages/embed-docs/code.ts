/** `<eva-code>`: an example, and a button that copies it. */

import { localized, msg } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { Copying } from "../../ui/copying.ts";
import { tick } from "../../ui/icons.ts";
import { shared } from "../../ui/shared-styles.ts";

/** See the module's header. */
@customElement("eva-code")
@localized()
export class EvaCode extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        position: relative;
        display: block;
        margin-block: 1rem;
      }
      pre {
        margin: 0;
        padding: 1rem 1rem 3.5rem;
        overflow: auto;
        border: 1px solid var(--line);
        border-radius: var(--round);
        background: var(--surface);
        font: 400 0.875rem/1.55 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace;
      }
      code {
        font: inherit;
      }
      button {
        position: absolute;
        right: 0.5rem;
        bottom: 0.5rem;
        display: inline-flex;
        align-items: center;
        gap: 0.4rem;
        min-height: 2.25rem;
        padding: 0 0.875rem;
        border: 1px solid var(--line-strong);
        border-radius: var(--round-small);
        background: var(--surface);
        font-weight: 600;
        cursor: pointer;
      }
      button:hover {
        background: var(--raised);
      }
    `,
  ];

  /** The example. */
  @property({ attribute: false }) text = "";
  readonly #copying = new Copying(this);

  protected override render(): TemplateResult {
    const copied = this.#copying.done !== "";
    return html`<pre tabindex="0" aria-label=${msg("Code")}><code>${this.text}</code></pre>
      <button type="button" @click=${() => void this.#copy()}>
        ${copied ? tick : nothing} ${copied ? msg("Copied") : msg("Copy")}
      </button>
      <p class="hidden" role="status">${copied ? msg("Copied") : ""}</p>`;
  }

  async #copy(): Promise<void> {
    if (!(await this.#copying.copy("code", this.text))) {
      // Without the clipboard the text is at least selected, for the reader's own keys.
      const code = this.renderRoot.querySelector("code");
      if (code !== null) {
        getSelection()?.selectAllChildren(code);
      }
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-code": EvaCode;
  }
}
