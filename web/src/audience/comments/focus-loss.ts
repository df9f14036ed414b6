/**
 * Keeps the focus in a shadow tree over an update: what is put elsewhere loses it, and is given it back;
 * where what has it goes, somebody is told.
 */

import type { LitElement, ReactiveController } from "lit";

/** What had the focus and has gone. */
export interface Loss {
  /** That element of the host's own tree; it is in no document any more. */
  element: Element;
  /** How many of the elements that came before it, of the kind that is counted, are left. */
  place: number;
}

/** See the module's header. */
export class FocusLoss implements ReactiveController {
  readonly #host: LitElement;
  readonly #counted: string;
  readonly #orphaned: (loss: Loss) => void;
  #at: { element: Element; inner: HTMLElement; before: Element[] } | null = null;
  #lost: Element | null = null;

  /**
   * @param counted selects what is counted before an element
   * @param orphaned is told of each loss, and may put the focus elsewhere
   */
  constructor(host: LitElement, counted: string, orphaned: (loss: Loss) => void) {
    this.#host = host;
    this.#counted = counted;
    this.#orphaned = orphaned;
    host.addController(this);
  }

  /** Whether the focus is on that element, or went with it in the last update. */
  isAt(element: Element): boolean {
    return this.#host.shadowRoot?.activeElement === element || this.#lost === element;
  }

  /** Lit is about to change the tree. */
  hostUpdate(): void {
    const element = this.#host.shadowRoot?.activeElement ?? null;
    this.#at =
      element === null
        ? null
        : { element, inner: innermost(element), before: this.#before(element) };
  }

  /** Lit has changed the tree. */
  hostUpdated(): void {
    const at = this.#at;
    this.#at = null;
    this.#lost = at?.element.isConnected === false ? at.element : null;
    if (at !== null && this.#lost !== null) {
      const place = at.before.filter((one) => one.isConnected).length;
      this.#orphaned({ element: at.element, place });
    } else if (this.#host.shadowRoot?.activeElement === null) {
      at?.inner.focus({ preventScroll: true });
    }
  }

  #before(element: Element): Element[] {
    const counted = [...this.#host.renderRoot.querySelectorAll(this.#counted)];
    return counted.filter(
      (one) => (one.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0,
    );
  }
}

/** Whether the focus is on something else; it is on nothing where what had it has been disabled. */
export function isElsewhere(element: Element): boolean {
  return !element.matches(":focus-within") && document.activeElement !== document.body;
}

/** What has the focus within an element that has it, in its own tree or in one further down. */
function innermost(element: Element): HTMLElement {
  const inner = element.shadowRoot?.activeElement ?? null;
  return inner === null ? (element as HTMLElement) : innermost(inner);
}
