/**
 * `<eva-comments slug="…">`: what viewers say to each other, live.
 *
 * The page hands on the server's news by `take`; what this viewer does goes to the API, and is shown
 * once the API has confirmed it.
 */

import { localized, msg } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import { repeat } from "lit/directives/repeat.js";
import { explain } from "../../i18n/trouble.ts";
import type { CommentPolicy } from "../../protocol/broadcast.ts";
import type { Comment } from "../../protocol/comment.ts";
import type { ServerEvent } from "../../protocol/events.ts";
import { Soon } from "../../store/soon.ts";
import {
  type CommentBody,
  deleteComment,
  patchComment,
  postComment,
  reportComment,
} from "../../transport/api.ts";
import { formStyles } from "../../ui/form-styles.ts";
import { shared } from "../../ui/shared-styles.ts";
import type { CommentAct, EvaComment } from "./comment.ts";
import { commentsStyles } from "./comments-styles.ts";
import type { Draft, EvaCompose } from "./compose.ts";
import { FocusLoss, isElsewhere } from "./focus-loss.ts";
import { Reader } from "./reader.ts";
import { branches, brief } from "./thread.ts";
import "./comment.ts";
import "./compose.ts";

/** So many threads stand on a page that goes on beneath them. */
const BRIEF = 3;

/** A reply that is being written. */
interface Answer {
  /** The comment whose thread it is for. */
  readonly root: string;
  /** The comment beneath which the viewer asked to answer: the root, or a reply to it. */
  readonly to: string;
  /** It is on its way. */
  sending: boolean;
}

/** See the module's header. */
@customElement("eva-comments")
@localized()
export class EvaComments extends LitElement {
  static override styles = [shared, formStyles, commentsStyles];

  /** The broadcast. */
  @property() slug = "";
  /** Who may write. */
  @property({ attribute: false }) policy: CommentPolicy = "open";
  /** The broadcast's start, RFC 3339. */
  @property({ attribute: false }) startsAt: string | null = null;
  /** The moment on this viewer's screen, milliseconds since 1970; null where there is none. */
  @property({ attribute: false }) moment: () => number | null = () => null;

  /** The page goes on beneath: only the first threads are shown until the viewer wants more. */
  @property({ attribute: false }) brief = false;

  /** The viewer has asked for more than the first threads. */
  @state() private unfolded = false;
  /** What has just been done, for those who do not see it; each time in an element of its own, or what
   *  is said twice would be heard once. */
  @state() private said: TemplateResult | typeof nothing = nothing;
  /** The reply whose form is open, or null. */
  @state() private answering: Answer | null = null;

  #times = 0;

  private readonly reader = new Reader({
    slug: () => this.slug,
    busy: () => this.#busy(),
    changed: () => this.requestUpdate(),
  });
  readonly #loadSoon = new Soon(() => void this.reader.loadNewest());

  /** What the viewer has deleted last. */
  #withdrawn = "";

  /** A comment may go while somebody is in the midst of it: whoever was there goes on to the next. */
  readonly #focus = new FocusLoss(this, "eva-comment", ({ element, place }) => {
    if (element.matches("eva-comment") && (element as EvaComment).comment?.id === this.#withdrawn) {
      this.#heading.focus();
    } else if (element.matches("eva-comment, eva-compose[reply]")) {
      const left = [...this.renderRoot.querySelectorAll("eva-comment")];
      (left[place] ?? left.at(-1) ?? this.#heading).focus();
    }
  });

  /** A first page has been read. */
  get loaded(): boolean {
    return this.reader.loaded;
  }

  /** Takes in the server's news. */
  take(event: ServerEvent): void {
    if (event.type === "comment" || event.type === "comment_removed") {
      this.reader.learn(event);
    } else if (event.type === "state" && (this.loaded || this.reader.trouble !== null)) {
      // The line was down, and comments may have come and gone meanwhile. What is on the page stays
      // until the answer is there: somebody may be writing in the midst of it.
      this.#loadSoon.ask();
    }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#loadSoon.cancel();
  }

  protected override firstUpdated(): void {
    void this.reader.loadNewest();
  }

  protected override render(): TemplateResult {
    const all = branches(this.reader.thread);
    const shown = this.#folded ? brief(all, BRIEF, this.#busy()) : all;
    return html`<section aria-labelledby="comments">
      <h2 id="comments" tabindex="-1">${msg("Comments")}</h2>
      <div class="composer">${this.#composer()}</div>
      <p class="hidden" role="status">${this.said}</p>
      ${
        this.loaded && shown.length === 0
          ? html`<p class="empty">${this.policy === "closed" ? msg("Nobody has written anything.") : msg("Nobody has written anything yet. Be the first.")}</p>`
          : nothing
      }
      <ul class="thread">
        ${repeat(
          shown,
          ({ root }) => root.id,
          ({ root, replies }) => html`<li>
            ${this.#comment(root)}
            ${
              replies.length === 0 && this.answering?.root !== root.id
                ? nothing
                : html`<ul class="replies">
                    ${repeat(
                      replies,
                      (one) => one.id,
                      (one) => html`<li>${this.#comment(one)}</li>`,
                    )}
                    ${this.answering?.root === root.id ? html`<li>${this.#answer(this.answering)}</li>` : nothing}
                  </ul>`
            }
          </li>`,
        )}
      </ul>
      ${this.#further(shown.length < all.length)}
    </section>`;
  }

  get #folded(): boolean {
    return this.brief && !this.unfolded;
  }

  /** What stands beneath the comments: the way to more of them, or why there are none. */
  #further(more: boolean): TemplateResult {
    const { loaded, trouble, thread } = this.reader;
    const told = loaded ? explain(trouble) : msg("The comments cannot be loaded.");
    const button = (text: string, act: (button: Element) => Promise<void>): TemplateResult =>
      html`<button
        class="more"
        type="button"
        @click=${(event: Event) => void act(event.currentTarget as Element)}
      >${text}</button>`;
    return html`<p class="trouble" role="alert">${trouble === null ? nothing : told}</p>
      ${loaded || trouble === null ? nothing : button(msg("Try again"), (at) => this.#loadAgain(at))}
      ${more ? button(msg("Show more comments"), () => this.#unfold()) : nothing}
      ${more || thread.next === null ? nothing : button(msg("Older comments"), (at) => this.#loadOlder(at))}`;
  }

  #composer(): TemplateResult {
    if (this.policy === "closed") {
      return html`<p class="note">${msg("Comments are closed.")}</p>`;
    }
    return html`${
      this.policy === "approval"
        ? html`<p class="note">${msg("Comments appear once the team has approved them.")}</p>`
        : nothing
    }
      <eva-compose
        .moment=${this.moment}
        .startsAt=${this.startsAt}
        @eva-draft=${(event: CustomEvent<Draft>) => void this.#write(event.detail, null)}
      ></eva-compose>`;
  }

  #answer(answer: Answer): TemplateResult {
    return html`<eva-compose
      reply
      @eva-draft=${(event: CustomEvent<Draft>) => void this.#reply(event.detail, answer)}
      @eva-cancel=${() => void this.#endAnswer()}
    ></eva-compose>`;
  }

  #comment(comment: Comment): TemplateResult {
    return html`<eva-comment
      .comment=${comment}
      .startsAt=${this.startsAt}
      .linked=${this.policy === "open"}
      .answerable=${this.policy !== "closed" && comment.held !== true}
      @eva-act=${(event: CustomEvent<CommentAct>) => void this.#act(comment, event.detail)}
    ></eva-comment>`;
  }

  /** What somebody is at, and what that answers. */
  #busy(): Set<string> {
    const at = this.#everyShown().filter((one) => one.busy);
    const ids = at.flatMap(({ comment }) => [comment?.id, comment?.reply_to]);
    return new Set([...ids, this.answering?.root].filter((id) => typeof id === "string"));
  }

  /** The button goes with the trouble, and the focus would with it. */
  async #loadAgain(button: Element): Promise<void> {
    const read = await this.reader.loadNewest();
    await this.updateComplete;
    if (read && this.#focus.isAt(button)) {
      this.#heading.focus();
    }
  }

  /** Goes on to the first of those that were left out. */
  async #unfold(): Promise<void> {
    const known = new Set(this.#everyShown().map(({ comment }) => comment?.id));
    this.unfolded = true;
    await this.updateComplete;
    (this.#shown(({ id }) => !known.has(id)) ?? this.#heading).focus();
  }

  /** Goes on to the first of the older ones, as reading does, unless the viewer has gone elsewhere. */
  async #loadOlder(button: Element): Promise<void> {
    const older = await this.reader.loadOlder();
    await this.updateComplete;
    if (older === null || !this.#focus.isAt(button)) {
      return;
    }
    (this.#shown((one) => older.has(one.id)) ?? this.#heading).focus();
  }

  /** The form stays until the answer is there, and closes then unless another has taken its place. */
  async #reply(draft: Draft, answer: Answer): Promise<void> {
    answer.sending = true;
    const trouble = await this.#write(draft, answer.root);
    answer.sending = false;
    if (trouble === null && this.answering === answer) {
      await this.#endAnswer();
    }
  }

  /** Gives what was in the way; null where it went through. */
  async #write(draft: Draft, replyTo: string | null): Promise<unknown> {
    const { text, name, momentMs, key } = draft;
    const body: CommentBody = {
      text,
      name,
      ...(replyTo === null ? {} : { reply_to: replyTo }),
      ...(momentMs === null ? {} : { moment: new Date(momentMs).toISOString() }),
    };
    const trouble = await troubleOf(async () => {
      const comment = await postComment(this.slug, body, key);
      this.reader.learn({ type: "comment", comment: { ...comment, yours: true } });
      this.#say(comment.held === true ? this.#waits() : msg("Sent"));
    });
    draft.done(trouble);
    return trouble;
  }

  /** Where all may write, nothing but a link makes a comment wait. */
  #waits(): string {
    return this.policy === "open"
      ? msg("Your comment waits for approval, as all links do.")
      : msg("Your comment waits for approval.");
  }

  async #act(comment: Comment, act: CommentAct): Promise<void> {
    const { id } = comment;
    if (act.kind === "reply") {
      const open = this.#answerForm;
      if (open === null || this.answering?.sending !== true) {
        this.answering = { root: comment.reply_to ?? id, to: id, sending: false };
      }
      open?.focus(); // it may stay where it is
      return;
    }
    const trouble = await troubleOf(async () => {
      if (act.kind === "edit") {
        const changed = await patchComment(this.slug, id, act.text);
        this.reader.learn({ type: "comment", comment: { ...changed, yours: true } });
        this.#say(msg("Changed"));
      } else if (act.kind === "delete") {
        this.#withdrawn = id;
        await deleteComment(this.slug, id);
        this.reader.learn({ type: "comment_removed", id });
        this.#say(msg("Deleted"));
      } else {
        await reportComment(this.slug, id, act.reason);
        this.#say(msg("Reported"));
      }
    });
    act.done(trouble);
  }

  /** Closes the form of a reply, and gives the focus back to what has opened it, unless the viewer has
   *  gone elsewhere. */
  async #endAnswer(): Promise<void> {
    const [form, to] = [this.#answerForm, this.answering?.to];
    const leaves = form !== null && isElsewhere(form);
    this.answering = null;
    await this.updateComplete;
    if (!leaves) {
      this.#shown((one) => one.id === to)?.focusAct("reply");
    }
  }

  get #answerForm(): EvaCompose | null {
    return this.renderRoot.querySelector<EvaCompose>("eva-compose[reply]");
  }

  #say(text: string): void {
    this.#times += 1;
    this.said = html`${keyed(this.#times, html`<span>${text}</span>`)}`;
  }

  get #heading(): HTMLElement {
    return this.renderRoot.querySelector("h2") as HTMLElement;
  }

  /** The first comment on the page of which that is true. */
  #shown(matches: (comment: Comment) => boolean): EvaComment | undefined {
    return this.#everyShown().find(({ comment }) => comment !== null && matches(comment));
  }

  #everyShown(): EvaComment[] {
    return [...this.renderRoot.querySelectorAll("eva-comment")];
  }
}

/** What is in the way of some work; null where it goes through. */
async function troubleOf(work: () => Promise<void>): Promise<unknown> {
  try {
    await work();
    return null;
  } catch (error) {
    return error;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-comments": EvaComments;
  }
}
