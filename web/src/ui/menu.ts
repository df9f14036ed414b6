/**
 * `<eva-menu>`: a button that opens a list to choose from (ARIA menu with radio groups).
 *
 * The list is a popover, so that neither a small player nor full screen cuts it off. Arrow keys walk
 * it, Home and End jump, Enter or Space chooses, Escape closes and gives the focus back.
 */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { tick } from "./icons.ts";
import { shared } from "./shared-styles.ts";

/** One line of a menu. */
export interface MenuItem {
  value: string;
  label: string;
  /** Said in small type behind the label. */
  note?: string;
  /** True or false for one of several choices; missing for something to do. */
  checked?: boolean;
}

/** Lines that belong together. */
export interface MenuGroup {
  name: string;
  label: string;
  items: readonly MenuItem[];
}

/** The detail of `eva-choose`. */
export interface Chosen {
  group: string;
  value: string;
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };
const MARGIN_PX = 8;

/**
 * See the module's header.
 *
 * @fires eva-choose - {@link Chosen}; bubbles
 * @fires eva-menu - opened or closed; the detail says which; bubbles
 */
@customElement("eva-menu")
export class EvaMenu extends LitElement {
  static override styles = [
    shared,
    css`
      .open {
        display: inline-flex;
        align-items: center;
        gap: 0.45rem;
        min-width: var(--menu-width, 2.75rem);
        height: 2.75rem;
        padding: 0 var(--menu-padding, 0.6rem);
        justify-content: center;
        border: 0;
        border-radius: var(--round-small);
        background: none;
        color: inherit;
        font-size: 0.875rem;
        /* media-chrome's bar has a line height of 0. */
        line-height: 1.4;
        white-space: nowrap;
        cursor: pointer;
      }
      .open svg {
        width: 1.5rem;
        height: 1.5rem;
      }
      .open:hover,
      .open[aria-expanded="true"] {
        background: rgb(255 255 255 / 0.16);
      }
      .open:focus-visible {
        outline-offset: -2px;
      }
      .open .word {
        display: var(--word, inline);
        max-width: 11ch;
        overflow: hidden;
        text-overflow: ellipsis;
      }
      [popover] {
        position: fixed;
        inset: auto;
        margin: 0;
        padding: 0.375rem;
        min-width: 13rem;
        max-width: min(22rem, calc(100vw - 1rem));
        overflow: auto;
        border: 1px solid #2b3547;
        border-radius: var(--round);
        background: #0b111b;
        color: #f1f4f9;
        font: 400 0.9375rem/1.4 var(--sans);
        box-shadow: 0 0.75rem 2.5rem rgb(0 0 0 / 0.5);
      }
      .label {
        padding: 0.5rem 0.75rem 0.25rem;
        color: #93a1b6;
        font: 600 var(--step--1) / 1.4 var(--sans);
      }
      [role="group"] + [role="group"] {
        margin-top: 0.375rem;
        border-top: 1px solid #222c3b;
        padding-top: 0.375rem;
      }
      .item {
        display: grid;
        grid-template-columns: 1.25rem 1fr auto;
        align-items: center;
        gap: 0.5rem;
        width: 100%;
        min-height: 2.5rem;
        padding: 0.25rem 0.75rem 0.25rem 0.5rem;
        border: 0;
        border-radius: var(--round-small);
        background: none;
        color: inherit;
        text-align: start;
        cursor: pointer;
      }
      .item:hover,
      .item:focus {
        background: #1d2736;
      }
      .item:focus-visible {
        outline-offset: -2px;
      }
      .item svg {
        color: var(--accent);
        visibility: hidden;
      }
      .item[aria-checked="true"] svg {
        visibility: visible;
      }
      .note {
        color: #93a1b6;
        font-size: var(--step--1);
        font-variant-numeric: tabular-nums;
      }
    `,
  ];

  /** What the button is called. */
  @property() label = "";
  /** A word beside the button's icon, or an empty text. */
  @property() word = "";
  /** The button's icon. */
  @property({ attribute: false }) icon: TemplateResult | typeof nothing = nothing;
  /** What there is to choose from. */
  @property({ attribute: false }) groups: readonly MenuGroup[] = [];

  @state() private expanded = false;
  @query(".open") private readonly opener!: HTMLButtonElement;
  @query("[popover]") private readonly list!: HTMLElement;
  /** Ends the watch over the window's size, which a turned telephone changes. */
  #resized: AbortController | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized?.abort();
  }

  protected override render(): TemplateResult {
    return html`
      <button
        class="open"
        type="button"
        aria-haspopup="menu"
        aria-expanded=${this.expanded}
        aria-label=${this.word === "" ? this.label : `${this.label}: ${this.word}`}
        title=${this.label}
        @click=${() => this.#toggle()}
        @keydown=${this.#onOpenerKey}
      >
        ${this.icon}${this.word === "" ? nothing : html`<span class="word">${this.word}</span>`}
      </button>
      <div
        popover="auto"
        role="menu"
        aria-label=${this.label}
        @beforetoggle=${this.#onBeforeToggle}
        @toggle=${this.#onToggle}
        @keydown=${this.#onKey}
      >
        ${this.expanded ? this.groups.map((group) => this.#group(group)) : nothing}
      </div>
    `;
  }

  #group(group: MenuGroup): TemplateResult {
    return html`<div role="group" aria-label=${group.label}>
      <p class="label" aria-hidden="true">${group.label}</p>
      ${group.items.map(
        (item) => html`<button
          class="item"
          type="button"
          role=${item.checked === undefined ? "menuitem" : "menuitemradio"}
          aria-checked=${item.checked ?? nothing}
          tabindex="-1"
          @click=${() => this.#choose(group.name, item.value)}
        >
          ${tick}<bdi>${item.label}</bdi>
          ${item.note === undefined ? nothing : html`<span class="note">${item.note}</span>`}
        </button>`,
      )}
    </div>`;
  }

  #toggle(): void {
    this.expanded ? this.list.hidePopover() : this.list.showPopover();
  }

  async #onToggle(event: ToggleEvent): Promise<void> {
    this.expanded = event.newState === "open";
    this.dispatchEvent(new CustomEvent("eva-menu", { detail: this.expanded, bubbles: true }));
    this.#resized?.abort();
    await this.updateComplete;
    if (this.expanded) {
      this.#place();
      this.#resized = new AbortController();
      addEventListener("resize", () => this.#place(), { signal: this.#resized.signal });
      const items = this.#items();
      (items.find((one) => one.ariaChecked === "true") ?? items[0])?.focus();
    }
  }

  /** The focus leaves the list before the list goes, or it would go nowhere. */
  #onBeforeToggle(event: ToggleEvent): void {
    if (event.newState === "closed" && this.list.matches(":focus-within")) {
      this.opener.focus();
    }
  }

  /** Above the button where there is room, otherwise wherever there is most. */
  #place(): void {
    const button = this.opener.getBoundingClientRect();
    const above = button.top - 2 * MARGIN_PX;
    const below = innerHeight - button.bottom - 2 * MARGIN_PX;
    const upwards = above >= Math.min(this.list.scrollHeight, 240) || above > below;
    const { style } = this.list;
    style.maxHeight = `${Math.max(120, upwards ? above : below)}px`;
    const { width } = this.list.getBoundingClientRect();
    const right = Math.min(button.right, innerWidth - MARGIN_PX);
    style.left = `${Math.max(MARGIN_PX, right - width)}px`;
    style.top = upwards ? "auto" : `${button.bottom + MARGIN_PX}px`;
    style.bottom = upwards ? `${innerHeight - button.top + MARGIN_PX}px` : "auto";
  }

  #choose(group: string, value: string): void {
    this.opener.focus();
    this.list.hidePopover();
    const detail: Chosen = { group, value };
    this.dispatchEvent(new CustomEvent("eva-choose", { detail, bubbles: true }));
  }

  #onOpenerKey(event: KeyboardEvent): void {
    if (event.key in STEPS) {
      event.preventDefault();
      this.list.showPopover();
    }
  }

  #onKey(event: KeyboardEvent): void {
    const items = this.#items();
    const here = items.findIndex((one) => one.matches(":focus"));
    const step = STEPS[event.key];
    if (step !== undefined) {
      items[(here + step + items.length) % items.length]?.focus();
    } else if (event.key === "Home" || event.key === "End") {
      items.at(event.key === "Home" ? 0 : -1)?.focus();
    } else if (event.key === "Tab") {
      this.list.hidePopover();
      return;
    } else {
      return;
    }
    event.preventDefault();
  }

  #items(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>(".item")];
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-menu": EvaMenu;
  }
  interface HTMLElementEventMap {
    "eva-choose": CustomEvent<Chosen>;
    "eva-menu": CustomEvent<boolean>;
  }
}
