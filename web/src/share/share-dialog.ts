/** `<eva-share>`: hands a broadcast on: by the system, as a link, as a link to a moment, as an embed. */

import { localized, msg, str } from "@lit/localize";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { solidButton } from "../ui/button-styles.ts";
import { checkStyles } from "../ui/check-styles.ts";
import { Copying } from "../ui/copying.ts";
import { formatMissionTime } from "../ui/format.ts";
import { share as shareIcon, tick } from "../ui/icons.ts";
import { shared } from "../ui/shared-styles.ts";
import { elementCode, frameCode, linkMoment, pageLink } from "./links.ts";
import "../ui/dialog.ts";

/**
 * See the module's header.
 *
 * @fires eva-close - it has been closed
 */
@customElement("eva-share")
@localized()
export class EvaShare extends LitElement {
  static override styles = [
    shared,
    solidButton,
    checkStyles,
    css`
      .native {
        display: inline-flex;
        align-items: center;
        gap: 0.6rem;
        margin-bottom: 1.25rem;
      }
      h3 {
        margin: 1.25rem 0 0.4rem;
        font: 600 var(--step-0) / 1.4 var(--display);
      }
      .row {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0.5rem;
        align-items: start;
      }
      input[type="text"],
      textarea {
        width: 100%;
        padding: 0.6rem 0.75rem;
        border: 1px solid var(--line-strong);
        border-radius: var(--round-small);
        background: var(--bg);
        color: var(--ink);
        font: 400 0.875rem/1.45 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace;
        resize: vertical;
      }
      .copy {
        display: inline-flex;
        align-items: center;
        gap: 0.4rem;
        min-height: 2.625rem;
        padding: 0 0.9rem;
        border: 1px solid var(--line-strong);
        border-radius: var(--round-small);
        background: none;
        font-weight: 600;
        cursor: pointer;
      }
      .copy:hover {
        background: var(--raised);
      }
      label {
        display: flex;
        align-items: center;
        margin-top: 0.5rem;
        gap: 0.6rem;
        min-height: 2.5rem;
        color: var(--ink-soft);
        cursor: pointer;
      }
      .note a {
        display: inline-block;
        padding-block: 0.25rem;
      }
      .note {
        color: var(--ink-faint);
        font-size: 0.875rem;
      }
    `,
  ];

  @property() slug = "";
  /** The broadcast's title; not `title`, which would be the element's tooltip. */
  @property({ attribute: false }) name = "";
  /** The broadcast's start, RFC 3339. */
  @property({ attribute: false }) startsAt: string | null = null;
  /** The moment that the viewer sees, milliseconds since 1970; null where there is none to point to. */
  @property({ attribute: false }) momentMs: number | null = null;
  /** Everybody may embed it. */
  @property({ attribute: false }) embeddable = true;

  @state() private atMoment = false;
  readonly #copying = new Copying(this);

  protected override render(): TemplateResult {
    const { origin } = location;
    const moment = this.momentMs === null ? null : linkMoment(this.momentMs);
    const link = pageLink(origin, this.slug, this.atMoment ? moment : null);
    return html`<eva-dialog
      open
      .heading=${msg("Share this broadcast")}
      @eva-close=${() => this.dispatchEvent(new CustomEvent("eva-close"))}
    >
      ${
        "share" in navigator
          ? html`<button class="native solid" type="button" @click=${() => void this.#native(link)}>
              ${shareIcon} ${msg("Share with …")}
            </button>`
          : nothing
      }
      ${this.#field("link", msg("Link"), link, false)}
      ${
        moment === null
          ? nothing
          : html`<label>
              <input
                type="checkbox"
                name="moment"
                .checked=${this.atMoment}
                @change=${(event: Event) => {
                  this.atMoment = (event.currentTarget as HTMLInputElement).checked;
                }}
              />
              ${msg(str`Mention the present moment, ${formatMissionTime(moment, this.startsAt) ?? moment}`)}
            </label>`
      }
      ${
        this.embeddable
          ? html`${this.#field("frame", msg("Embed as a frame"), frameCode(origin, this.slug, this.name), true)}
            ${this.#field("element", msg("Embed as an element"), elementCode(origin, this.slug), true)}
            <p class="note"><a href="/docs/embed">${msg("How to embed and control the player")}</a></p>`
          : html`<p class="note">${msg("Only partners may embed this broadcast.")}</p>`
      }
      <p class="hidden" role="status">${this.#copying.done === "" ? "" : msg("Copied")}</p>
    </eva-dialog>`;
  }

  #field(id: string, name: string, text: string, long: boolean): TemplateResult {
    const done = this.#copying.done === id;
    const select = (event: Event): void => (event.currentTarget as HTMLInputElement).select();
    return html`<h3 id="${id}-name">${name}</h3>
      <div class="row">
        ${
          long
            ? html`<textarea
                readonly
                rows="4"
                id=${id}
                aria-labelledby="${id}-name"
                .value=${text}
                @focus=${select}
              ></textarea>`
            : html`<input
                type="text"
                readonly
                id=${id}
                aria-labelledby="${id}-name"
                .value=${text}
                @focus=${select}
              />`
        }
        <button class="copy" type="button" data-copies=${id} @click=${() => void this.#copy(id, text)}>
          ${done ? tick : nothing} ${done ? msg("Copied") : msg("Copy")}
        </button>
      </div>`;
  }

  async #copy(id: string, text: string): Promise<void> {
    if (!(await this.#copying.copy(id, text))) {
      // Without the clipboard the text is at least selected, for the viewer's own keys.
      this.renderRoot.querySelector<HTMLInputElement>(`#${id}`)?.focus();
    }
  }

  async #native(url: string): Promise<void> {
    try {
      await navigator.share({ title: this.name, url });
    } catch {
      // The viewer has thought better of it.
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-share": EvaShare;
  }
}
