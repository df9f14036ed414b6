/** `<eva-help>`: all keyboard shortcuts that do something here, and the switch that keeps them to the player. */

import { localized, msg } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { checkStyles } from "../ui/check-styles.ts";
import { shared } from "../ui/shared-styles.ts";
import { type Abilities, playerRows, type Row, sphereRows } from "./help-rows.ts";
import { keysEverywhere, setKeysEverywhere } from "./keyboard.ts";
import "../ui/dialog.ts";

/**
 * See the module's header.
 *
 * @fires eva-close - it has been closed
 */
@customElement("eva-help")
@localized()
export class EvaHelp extends LitElement {
  static override styles = [
    shared,
    checkStyles,
    css`
      h3 {
        margin: 1.25rem 0 0.25rem;
        font: 650 1rem/1.4 var(--display);
      }
      dl div {
        display: grid;
        grid-template-columns: clamp(6rem, 26vw, 9.5rem) 1fr;
        align-items: center;
        gap: 1rem;
        padding-block: 0.4rem;
        border-top: 1px solid var(--line);
      }
      dl div:first-child {
        border-top: 0;
      }
      dt {
        display: flex;
        flex-wrap: wrap;
        gap: 0.375rem;
      }
      /* In the smallest frames what a key does stands below it. */
      @media (max-width: 17rem) {
        dl div {
          grid-template-columns: minmax(0, 1fr);
          gap: 0.125rem;
        }
      }
      kbd {
        display: inline-grid;
        place-items: center;
        min-width: 2rem;
        padding: 0.2rem 0.5rem;
        border: 1px solid var(--line-strong);
        border-bottom-width: 2px;
        border-radius: var(--round-small);
        background: var(--raised);
        font: 600 0.8125rem/1.3 var(--sans);
      }
      .note,
      label {
        color: var(--ink-soft);
        font-size: 0.9375rem;
      }
      .note {
        margin-top: 0.75rem;
      }
      label {
        display: flex;
        gap: 0.75rem;
        align-items: center;
        margin-top: 1rem;
        padding-top: 1rem;
        border-top: 1px solid var(--line);
        cursor: pointer;
      }
    `,
  ];

  /** What the player can do. */
  @property({ attribute: false }) can: Abilities | null = null;

  protected override render(): TemplateResult | typeof nothing {
    const { can } = this;
    if (can === null) {
      return nothing;
    }
    return html`<eva-dialog
      open
      .heading=${msg("Keyboard shortcuts")}
      @eva-close=${() => this.dispatchEvent(new CustomEvent("eva-close"))}
    >
      ${list(playerRows(can))}
      <p class="note">${msg("The arrows work while the player has the focus.")}</p>
      ${
        can.around
          ? html`<h3>${msg("While the 360° picture has the focus")}</h3>
              ${list(sphereRows())}`
          : nothing
      }
      <label>
        <input
          type="checkbox"
          .checked=${keysEverywhere()}
          @change=${(event: Event) => {
            setKeysEverywhere((event.currentTarget as HTMLInputElement).checked);
          }}
        />
        ${msg("Shortcuts work on the whole page, not only while the player has the focus")}
      </label>
    </eva-dialog>`;
  }
}

function list(rows: readonly Row[]): TemplateResult {
  return html`<dl>
    ${rows.map(
      ([keys, what]) => html`<div>
        <dt>${keys.map((key) => html`<kbd>${key}</kbd>`)}</dt>
        <dd>${what}</dd>
      </div>`,
    )}
  </dl>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-help": EvaHelp;
  }
}
