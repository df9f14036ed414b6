/** `<eva-help>`: all keyboard shortcuts, and the switch that keeps them to the player. */

import { localized, msg } from "@lit/localize";
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { shared } from "../ui/shared-styles.ts";
import { keysEverywhere, setKeysEverywhere } from "./keyboard.ts";
import "../ui/dialog.ts";

function shortcuts(): readonly (readonly [readonly string[], string])[] {
  return [
    [["K", msg("Space")], msg("Play or pause")],
    [["M"], msg("Sound on or off")],
    [["↑", "↓"], msg("Louder, quieter")],
    [["F"], msg("Full screen")],
    [["P"], msg("Picture in picture")],
    [["C"], msg("Captions")],
    [["[", "]"], msg("Previous camera, next camera")],
    [["V"], msg("Next layout")],
    [["J", "L"], msg("Ten seconds back, ten seconds on")],
    [["←", "→"], msg("Five seconds back, five seconds on")],
    [["0", "–", "9"], msg("Jump to a tenth of the recording")],
    [["I"], msg("Statistics")],
    [["?"], msg("This list")],
  ];
}

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
    css`
      dl div {
        display: grid;
        grid-template-columns: 7.5rem 1fr;
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
        gap: 0.375rem;
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
      input {
        flex: none;
        width: 1.5rem;
        height: 1.5rem;
        accent-color: var(--accent);
      }
    `,
  ];

  protected override render(): TemplateResult {
    return html`<eva-dialog
      open
      .heading=${msg("Keyboard shortcuts")}
      @eva-close=${() => this.dispatchEvent(new CustomEvent("eva-close"))}
    >
      <dl>
        ${shortcuts().map(
          ([keys, what]) => html`<div>
            <dt>${keys.map((key) => html`<kbd>${key}</kbd>`)}</dt>
            <dd>${what}</dd>
          </div>`,
        )}
      </dl>
      <p class="note">
        ${msg("The arrows work while the player has the focus. Jumping needs something to jump to: a live picture has only its present.")}
      </p>
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

declare global {
  interface HTMLElementTagNameMap {
    "eva-help": EvaHelp;
  }
}
