/** `<eva-dialog heading="…" open>`: a modal dialog; what it holds is slotted. */

import { localized, msg } from "@lit/localize";
import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { cross } from "./icons.ts";
import { shared } from "./shared-styles.ts";

/**
 * See the module's header.
 *
 * @fires eva-close - the dialog has been closed, by whatever way
 */
@customElement("eva-dialog")
@localized()
export class EvaDialog extends LitElement {
  static override styles = [
    shared,
    css`
      dialog {
        /* The player that it may stand in is dark in either theme; it is not. */
        color-scheme: var(--page-scheme, inherit);
        width: min(var(--dialog-width, 36rem), calc(100vw - 2rem));
        max-height: calc(100svh - max(2rem, var(--dialog-top, 0rem) + 1rem));
        margin: var(--dialog-top, auto) auto auto;
        padding: 0;
        overflow: auto;
        border: 1px solid var(--line);
        border-radius: var(--round);
        background: var(--surface);
        color: var(--ink);
        font: 400 var(--step-0) / 1.6 var(--sans);
        text-align: start;
        box-shadow: 0 1.5rem 5rem rgb(0 0 0 / 0.45);
      }
      dialog::backdrop {
        background: var(--dialog-veil, rgb(2 5 11 / 0.66));
      }
      .head {
        position: sticky;
        top: 0;
        z-index: 1;
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 1rem;
        padding: 1rem 1rem 0.75rem 1.5rem;
        background: var(--surface);
      }
      h2 {
        font: 650 var(--step-2) / 1.2 var(--display);
        letter-spacing: -0.015em;
      }
      button {
        display: grid;
        place-items: center;
        width: 2.5rem;
        height: 2.5rem;
        border: 0;
        border-radius: 50%;
        background: none;
        color: var(--ink-soft);
        cursor: pointer;
      }
      button:hover {
        background: var(--raised);
        color: var(--ink);
      }
      .content {
        padding: 0 1.5rem 1.5rem;
      }
      @media (max-width: 30rem) {
        .content {
          padding: 0 1rem 1rem;
        }
        .head {
          padding-inline-start: 1rem;
        }
      }
      /* In the smallest frames, 200 pixels wide and high, every pixel is for what it holds. */
      @media (max-width: 18rem), (max-height: 18rem) {
        dialog {
          width: min(var(--dialog-width, 36rem), calc(100vw - 0.75rem));
          max-height: calc(100svh - max(0.75rem, var(--dialog-top, 0rem) + 0.375rem));
        }
        .head {
          gap: 0.5rem;
          padding: 0.25rem 0.25rem 0.25rem 0.75rem;
        }
        h2 {
          font-size: 1rem;
        }
        .content {
          padding: 0 0.75rem 0.5rem;
        }
      }
    `,
  ];

  /** What it is about. */
  @property() heading = "";
  /** It is to be seen. */
  @property({ type: Boolean }) open = false;
  @query("dialog") private readonly dialog!: HTMLDialogElement;

  protected override render(): TemplateResult {
    return html`<dialog
      aria-labelledby="heading"
      @close=${this.#onClose}
      @click=${this.#onClick}
    >
      <div class="head">
        <h2 id="heading">${this.heading}</h2>
        <button type="button" aria-label=${msg("Close")} @click=${() => this.dialog.close()}>
          ${cross}
        </button>
      </div>
      <div class="content"><slot></slot></div>
    </dialog>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("open") && this.open !== this.dialog.open) {
      this.open ? this.dialog.showModal() : this.dialog.close();
    }
  }

  #onClose(): void {
    this.open = false;
    this.dispatchEvent(new CustomEvent("eva-close"));
  }

  /** A click on the backdrop is one on the dialog itself. */
  #onClick(event: MouseEvent): void {
    if (event.composedPath()[0] === this.dialog) {
      this.dialog.close();
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-dialog": EvaDialog;
  }
}
