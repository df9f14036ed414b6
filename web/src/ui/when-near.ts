/** Does something once, when an element comes near the window. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

const NEAR = "600px";

/** Loads the parts of a page that lie below its fold. */
export class WhenNear implements ReactiveController {
  readonly #root: () => ParentNode;
  readonly #waiting: Map<string, () => Promise<unknown>>;
  #observer: IntersectionObserver | null = null;

  /**
   * @param host the element that renders the parts
   * @param root where they are found
   * @param parts what to load for the first element of each tag
   */
  constructor(
    host: ReactiveControllerHost,
    root: () => ParentNode,
    parts: Readonly<Record<string, () => Promise<unknown>>>,
  ) {
    this.#root = root;
    this.#waiting = new Map(Object.entries(parts));
    host.addController(this);
  }

  hostUpdated(): void {
    for (const tag of this.#waiting.keys()) {
      const element = this.#root().querySelector(tag);
      if (element !== null) {
        this.#observer ??= new IntersectionObserver((seen) => this.#onSeen(seen), {
          rootMargin: NEAR,
        });
        this.#observer.observe(element);
      }
    }
  }

  hostDisconnected(): void {
    this.#observer?.disconnect();
    this.#observer = null;
  }

  #onSeen(entries: readonly IntersectionObserverEntry[]): void {
    for (const { isIntersecting, target } of entries) {
      const load = this.#waiting.get(target.localName);
      if (isIntersecting && load !== undefined) {
        this.#waiting.delete(target.localName);
        this.#observer?.unobserve(target);
        // A part that cannot be loaded is missing from the page; the rest of it goes on.
        load().catch(() => undefined);
      }
    }
  }
}
