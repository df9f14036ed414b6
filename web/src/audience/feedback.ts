/** `<eva-feedback slug="…">`: what could be better, told to the operators and nobody else. */

import { localized, msg } from "@lit/localize";
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { type FeedbackBody, postFeedback } from "../transport/api.ts";
import { DraftKey } from "../transport/draft-key.ts";
import { formStyles } from "../ui/form-styles.ts";
import { shared } from "../ui/shared-styles.ts";
import { sayBlank } from "./blank.ts";
import { troubleLine } from "./trouble-line.ts";

const MAX_TEXT = 4000;

/** See the module's header. */
@customElement("eva-feedback")
@localized()
export class EvaFeedback extends LitElement {
  static override styles = [
    shared,
    formStyles,
    css`
      :host {
        margin-top: 0.75rem;
      }
      .sorry {
        font-weight: 600;
      }
      .lead {
        color: var(--ink-soft);
      }
    `,
  ];

  /** The broadcast. */
  @property() slug = "";
  @state() private sending = false;
  @state() private sent = false;
  @state() private trouble: unknown = null;
  readonly #key = new DraftKey();

  protected override render(): TemplateResult {
    if (this.sent) {
      return html`<p role="status">${msg("Thank you. The team reads every word.")}</p>`;
    }
    return html`<form @submit=${this.#onSubmit}>
      <div>
        <p class="sorry">${msg("We are sorry that this is not for you.")}</p>
        <p class="lead">${msg("Tell us how we can improve. Only the team sees it.")}</p>
      </div>
      <label>
        ${msg("What could be better?")}
        <textarea name="text" rows="4" required maxlength=${MAX_TEXT}></textarea>
      </label>
      <label>
        ${msg("E-mail, if you would like an answer")}
        <input type="email" name="email" autocomplete="email" maxlength="254" />
      </label>
      <button class="send solid" type="submit" ?disabled=${this.sending}>${msg("Send to the team")}</button>
      ${troubleLine(this.trouble)}
    </form>`;
  }

  async #onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const data = new FormData(form);
    const [text, email] = [String(data.get("text")).trim(), String(data.get("email")).trim()];
    if (text === "") {
      sayBlank(form);
      return;
    }
    this.sending = true;
    this.trouble = null;
    try {
      const body: FeedbackBody = { text, ...(email === "" ? {} : { email }) };
      await postFeedback(this.slug, body, this.#key.of(body));
      this.sent = true;
    } catch (error) {
      this.trouble = error;
    }
    this.sending = false;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-feedback": EvaFeedback;
  }
}
