/** `<eva-compose>`: a form for a comment or a reply. */

import { localized, msg, str } from "@lit/localize";
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { DraftKey } from "../../transport/draft-key.ts";
import { checkStyles } from "../../ui/check-styles.ts";
import { formStyles } from "../../ui/form-styles.ts";
import { formatMissionTime } from "../../ui/format.ts";
import { recall, remember } from "../../ui/memory.ts";
import { shared } from "../../ui/shared-styles.ts";
import { Ticker } from "../../ui/ticker.ts";
import { sayBlank } from "../blank.ts";
import { seeTrouble, troubleLine } from "../trouble-line.ts";
import type { Done } from "./comment.ts";

const NAME = "eva_name";
const MAX_TEXT = 2000;
const MAX_NAME = 60;

/** The detail of `eva-draft`. */
export interface Draft {
  text: string;
  name: string;
  /** The moment that it speaks of, milliseconds since 1970, or null. */
  momentMs: number | null;
  /** Names it for the server: the same for each try of it. */
  key: string;
  /** The form is emptied only once it has gone out. */
  done: Done;
}

/**
 * See the module's header.
 *
 * @fires eva-draft - {@link Draft}
 * @fires eva-cancel - a reply has been thought better of
 */
@customElement("eva-compose")
@localized()
export class EvaCompose extends LitElement {
  static override styles = [
    shared,
    formStyles,
    checkStyles,
    css`
      .row {
        display: flex;
        flex-wrap: wrap;
        gap: 0.75rem 1rem;
        align-items: end;
      }
      .row label:first-child {
        flex: 1 1 12rem;
      }
      .moment {
        display: flex;
        align-items: center;
        gap: 0.6rem;
        min-height: 2.75rem;
        cursor: pointer;
      }
      .cancel {
        min-height: 2.75rem;
        padding: 0 1rem;
        border: 0;
        border-radius: var(--round-small);
        background: none;
        color: var(--ink-soft);
        cursor: pointer;
      }
      .cancel:hover {
        background: var(--raised);
      }
    `,
  ];

  /** It answers a comment. */
  @property({ type: Boolean }) reply = false;
  /** The broadcast's start, RFC 3339. */
  @property({ attribute: false }) startsAt: string | null = null;
  /** The moment on this viewer's screen, milliseconds since 1970; null where there is none. */
  @property({ attribute: false }) moment: () => number | null = () => null;
  @state() private sending = false;
  /** What was in the way of the last try, or null. */
  @state() private trouble: unknown = null;
  /** The moment that the viewer has ticked, milliseconds since 1970, or null. */
  @state() private ticked: number | null = null;
  readonly #key = new DraftKey();

  constructor() {
    super();
    new Ticker(this);
  }

  protected override firstUpdated(): void {
    if (this.reply) {
      this.focus();
    }
  }

  /** Puts the focus on the text. */
  override focus(): void {
    this.renderRoot.querySelector("textarea")?.focus();
  }

  protected override render(): TemplateResult {
    return html`<form @submit=${this.#onSubmit}>
      <label>
        ${this.reply ? msg("Your reply") : msg("Your comment")}
        <textarea
          name="text"
          rows=${this.reply ? 2 : 3}
          required
          maxlength=${MAX_TEXT}
          ?readonly=${this.sending}
        ></textarea>
      </label>
      <div class="row">
        <label>
          ${msg("Your name")}
          <input
            type="text"
            name="name"
            required
            maxlength=${MAX_NAME}
            autocomplete="nickname"
            value=${recall(NAME) ?? ""}
          />
        </label>
        ${this.#momentBox()}
        <button class="send solid" type="submit" ?disabled=${this.sending}>
          ${this.reply ? msg("Post reply") : msg("Post comment")}
        </button>
        ${
          this.reply
            ? html`<button
                class="cancel"
                type="button"
                @click=${() => this.dispatchEvent(new CustomEvent("eva-cancel"))}
              >
                ${msg("Cancel")}
              </button>`
            : nothing
        }
      </div>
      ${troubleLine(this.trouble)}
    </form>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("trouble") && this.trouble !== null) {
      seeTrouble(this.renderRoot);
    }
  }

  #momentBox(): TemplateResult | typeof nothing {
    // It is the moment of the tick: the picture goes on while somebody writes about it.
    const momentMs = this.reply ? null : (this.ticked ?? this.moment());
    if (momentMs === null) {
      return nothing;
    }
    const iso = new Date(momentMs).toISOString();
    return html`<label class="moment">
      <input
        type="checkbox"
        .checked=${live(this.ticked !== null)}
        @change=${() => {
          this.ticked = this.ticked === null ? (this.moment() ?? momentMs) : null;
        }}
      />
      <span class="figures">${msg(str`About this moment, ${formatMissionTime(iso, this.startsAt) ?? ""}`)}</span>
    </label>`;
  }

  #onSubmit(event: SubmitEvent): void {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const data = new FormData(form);
    const [text, name] = [String(data.get("text")).trim(), String(data.get("name")).trim()];
    if (text === "" || name === "") {
      sayBlank(form);
      return;
    }
    remember(NAME, name);
    this.sending = true;
    this.trouble = null;
    const momentMs = this.ticked;
    const detail: Draft = {
      text,
      name,
      momentMs,
      key: this.#key.of([text, name, momentMs]),
      done: (trouble) => {
        this.sending = false;
        this.trouble = trouble;
        if (trouble === null) {
          this.#key.done();
          this.ticked = null;
          form.reset();
          const field = form.elements.namedItem("name");
          if (field instanceof HTMLInputElement) {
            field.value = name;
          }
        }
      },
    };
    this.dispatchEvent(new CustomEvent("eva-draft", { detail }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-compose": EvaCompose;
  }
}
