/** `<eva-comment>`: one comment and what can be done with it. */

import { localized, msg, str } from "@lit/localize";
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Comment } from "../../protocol/comment.ts";
import { formStyles } from "../../ui/form-styles.ts";
import { formatAgo, formatMissionTime, formatStart } from "../../ui/format.ts";
import { pin, tick } from "../../ui/icons.ts";
import { locale } from "../../ui/locale.ts";
import { now } from "../../ui/now.ts";
import { shared } from "../../ui/shared-styles.ts";
import { Ticker } from "../../ui/ticker.ts";
import { sayBlank } from "../blank.ts";
import { seeTrouble, troubleLine } from "../trouble-line.ts";
import { commentStyles } from "./comments-styles.ts";
import { isElsewhere } from "./focus-loss.ts";
import { isEditable, untilChangeMs } from "./thread.ts";

/** Tells a form that its matter went through (null), which closes it, or what was in the way. */
export type Done = (trouble: unknown) => void;

/** The detail of `eva-act`. */
export type CommentAct =
  | { kind: "reply" }
  | { kind: "delete"; done: Done }
  | { kind: "edit"; text: string; done: Done }
  | { kind: "report"; reason: string; done: Done };

/** So long before its start a broadcast may be on air. */
const EARLY_MS = 15 * 60_000;

type Form = "edit" | "report";

/**
 * See the module's header.
 *
 * @fires eva-act - {@link CommentAct}
 */
@customElement("eva-comment")
@localized()
export class EvaComment extends LitElement {
  static override styles = [shared, formStyles, commentStyles];

  /** The comment. */
  @property({ attribute: false }) comment: Comment | null = null;
  /** The broadcast's start, RFC 3339. */
  @property({ attribute: false }) startsAt: string | null = null;
  /** It can be answered. */
  @property({ type: Boolean }) answerable = false;
  /** What waits for approval does so because of a link in it. */
  @property({ type: Boolean }) linked = false;
  /** The form that is open beneath it. */
  @state() private form: Form | null = null;
  @state() private sending = false;
  @state() private reported = false;
  /** What was in the way of what has last been tried here, or null. */
  @state() private trouble: unknown = null;

  constructor() {
    super();
    new Ticker(this, () => untilChangeMs(this.comment, now()));
  }

  protected override render(): TemplateResult | typeof nothing {
    const { comment } = this;
    if (comment === null) {
      return nothing;
    }
    return html`<article tabindex="-1" aria-label=${msg(str`Comment by ${comment.name}`)}>
      ${this.#head(comment)}
      ${this.form === "edit" ? this.#editForm(comment) : html`<p class="text" lang="" dir="auto">${comment.text}</p>`}
      ${this.form === "report" ? this.#reportForm() : nothing}
      ${this.form === null ? this.#acts(comment) : nothing}
      ${troubleLine(this.trouble)}
    </article>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("trouble") && this.trouble !== null) {
      seeTrouble(this.renderRoot);
    }
  }

  #head(comment: Comment): TemplateResult {
    const moment = momentOf(comment.moment, this.startsAt);
    return html`<header>
      ${comment.pinned ? html`<span class="pinned">${pin}${msg("Pinned")}</span>` : nothing}
      <bdi class="name">${comment.name}</bdi>
      ${comment.desk === true ? html`<span class="desk" title=${msg("Written by those who run this broadcast")}>${tick}${msg("Desk")}</span>` : nothing}
      <time datetime=${comment.at} title=${formatStart(comment.at, locale())}
        >${formatAgo(comment.at, locale(), now())}</time
      >
      ${comment.edited ? html`<span>${msg("edited")}</span>` : nothing}
      ${
        moment === null
          ? nothing
          : html`<span class="chip figures"><span class="hidden">${msg("About")} </span>${moment}</span>`
      }
      ${comment.held === true ? html`<span class="held">${this.linked ? msg("Links wait for approval") : msg("Waits for approval")}</span>` : nothing}
    </header>`;
  }

  #acts(comment: Comment): TemplateResult {
    const button = (label: string, act: () => void, name: string): TemplateResult =>
      html`<button type="button" data-act=${name} @click=${act}>${label}</button>`;
    return html`<div class="acts">
      ${this.answerable ? button(msg("Reply"), () => this.#act({ kind: "reply" }), "reply") : nothing}
      ${
        isEditable(comment, now())
          ? html`${button(msg("Edit"), () => void this.#open("edit"), "edit")}
            ${button(msg("Delete"), () => this.#act({ kind: "delete", done: this.#sent() }), "delete")}`
          : nothing
      }
      ${
        comment.yours
          ? nothing
          : this.reported
            ? html`<span class="done" data-act="report" tabindex="-1">${msg("Reported. Thank you.")}</span>`
            : button(msg("Report"), () => void this.#open("report"), "report")
      }
    </div>`;
  }

  #editForm(comment: Comment): TemplateResult {
    return html`<form
      @submit=${(event: SubmitEvent) => {
        const text = field(event, "text");
        if (text === "") {
          sayBlank(event.currentTarget as HTMLFormElement);
        } else {
          this.#act({ kind: "edit", text, done: this.#sent() });
        }
      }}
    >
      <label>
        ${msg("Your comment")}
        <textarea
          name="text"
          rows="3"
          required
          maxlength="2000"
          ?readonly=${this.sending}
          .value=${comment.text}
        ></textarea>
      </label>
      ${this.#formButtons(msg("Save"))}
    </form>`;
  }

  #reportForm(): TemplateResult {
    return html`<form
      @submit=${(event: SubmitEvent) => {
        this.#act({ kind: "report", reason: field(event, "reason"), done: this.#sent() });
      }}
    >
      <label>
        ${msg("What is wrong with it? (optional)")}
        <input type="text" name="reason" maxlength="500" />
      </label>
      ${this.#formButtons(msg("Report"))}
    </form>`;
  }

  #formButtons(send: string): TemplateResult {
    return html`<div class="acts">
      <button class="send solid" type="submit" ?disabled=${this.sending}>${send}</button>
      <button type="button" @click=${() => void this.#close()}>${msg("Cancel")}</button>
    </div>`;
  }

  /** Somebody is at it: it has the focus, or a form is open. */
  get busy(): boolean {
    return this.form !== null || this.matches(":focus-within");
  }

  /** Puts the focus on the comment itself. */
  override focus(): void {
    this.renderRoot.querySelector("article")?.focus();
  }

  /** Puts the focus on what opens a form, or stands in its place. */
  focusAct(name: "reply" | Form): void {
    this.renderRoot.querySelector<HTMLElement>(`[data-act="${name}"]`)?.focus();
  }

  /** Notes that something is on its way; what it gives is told how that went. */
  #sent(): Done {
    const { form } = this;
    this.sending = true;
    this.trouble = null;
    return (trouble) => {
      this.sending = false;
      this.trouble = trouble;
      if (trouble === null) {
        this.reported ||= form === "report";
        if (this.form === form) {
          void this.#close();
        }
      }
    };
  }

  /** Closes the form, and gives the focus back to what has opened it, unless the viewer has gone
   *  elsewhere. */
  async #close(): Promise<void> {
    const { form } = this;
    const leaves = isElsewhere(this);
    this.form = null;
    this.trouble = null;
    await this.updateComplete;
    if (form !== null && !leaves) {
      this.focusAct(form);
    }
  }

  async #open(form: Form): Promise<void> {
    this.form = form;
    this.trouble = null;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("textarea, input")?.focus();
  }

  #act(detail: CommentAct): void {
    this.dispatchEvent(new CustomEvent("eva-act", { detail }));
  }
}

/**
 * The mission's time of what a comment speaks of; null where there is none. What lies long before the
 * start is of an earlier broadcast under the same name, whose time was another.
 */
function momentOf(moment: string | null, startsAt: string | null): string | null {
  const of = moment === null || startsAt === null ? 0 : Date.parse(startsAt) - Date.parse(moment);
  return moment === null || of > EARLY_MS ? null : formatMissionTime(moment, startsAt);
}

function field(event: SubmitEvent, name: string): string {
  event.preventDefault();
  return String(new FormData(event.currentTarget as HTMLFormElement).get(name) ?? "").trim();
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-comment": EvaComment;
  }
}
