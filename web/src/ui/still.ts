/**
 * `<eva-still src="…">`: a camera's live still, asked for again now and then while somebody sees it.
 *
 * The picture on screen stays until the next one has come. Where there is none, nothing is shown, and
 * what lies beneath is seen.
 */

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { EVERY_MS, stillAddress } from "./still-address.ts";

/** See the module's header. It is decoration: what it shows is named beside it. */
@customElement("eva-still")
export class EvaStill extends LitElement {
  static override styles = css`
    :host {
      display: block;
      overflow: hidden;
    }
    img {
      display: block;
      width: 100%;
      height: 100%;
      object-fit: cover;
      animation: come 600ms ease-out;
    }
    @keyframes come {
      from {
        opacity: 0;
      }
    }
    @media (prefers-reduced-motion: reduce) {
      img {
        animation: none;
      }
    }
  `;

  /** The picture's path, or an empty text where there is none. */
  @property() src = "";

  @state() private address = "";
  #seen = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #observer = new IntersectionObserver((entries) => {
    this.#seen = entries.at(-1)?.isIntersecting ?? false;
    this.#ask();
  });

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer.observe(this);
    this.#timer = setInterval(() => this.#ask(), EVERY_MS);
    document.addEventListener("visibilitychange", this.#ask);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
    clearInterval(this.#timer);
    document.removeEventListener("visibilitychange", this.#ask);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("src")) {
      this.address = "";
      this.#ask();
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    return this.address === ""
      ? nothing
      : html`<img
          src=${this.address}
          alt=""
          decoding="async"
          @error=${() => {
            this.address = "";
          }}
        />`;
  }

  readonly #ask = (): void => {
    if (this.src !== "" && this.#seen && document.visibilityState === "visible") {
      this.address = stillAddress(this.src, Date.now());
    }
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-still": EvaStill;
  }
}
