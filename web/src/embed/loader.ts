/**
 * `/embed.js`: defines `<eva-player src="https://relay/b/slug">` in a partner's page.
 *
 * The element holds a frame with the player, turns its methods and attributes into messages, and the
 * frame's news into events. It stands alone: one small file, without imports, which may be included twice.
 */

import type { Command, EmbedEvent } from "./messages.ts";

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: the function is the scope of the whole file.
(() => {
  const NAME = "eva-player";
  const ALLOW =
    "autoplay; fullscreen; picture-in-picture; screen-wake-lock; gyroscope; accelerometer";
  const PARAMETERS = ["partner", "camera", "controls", "lang", "theme"];
  /** A frame that has said nothing for so long cannot speak: its server is away, or it may not be shown. */
  const PATIENCE_MS = 10_000;
  const EVENTS: readonly EmbedEvent[] = ["ready", "state", "rating", "viewers", "error", "time"];

  /** The frame's address for an element's attributes; null without a usable `src`. */
  function frameUrl(element: HTMLElement): URL | null {
    let url: URL;
    try {
      url = new URL(element.getAttribute("src") ?? "", document.baseURI);
    } catch {
      return null;
    }
    const slug = /^\/(?:b|embed)\/([a-z0-9-]{1,64})\/?$/.exec(url.pathname)?.[1];
    if (slug === undefined || !/^https?:$/.test(url.protocol)) {
      return null;
    }
    const frame = new URL(`/embed/${slug}`, url.origin);
    for (const name of PARAMETERS) {
      const value = element.getAttribute(name);
      if (value !== null) {
        frame.searchParams.set(name, value);
      }
    }
    // A fragment never leaves the browser, so the ticket is in nobody's log.
    const token = element.getAttribute("token");
    if (token !== null) {
      frame.hash = new URLSearchParams({ token }).toString();
    }
    return frame;
  }

  class EvaPlayer extends HTMLElement {
    static readonly observedAttributes = ["src", "token", ...PARAMETERS];

    #frame: HTMLIFrameElement | null = null;
    #origin = "";
    #ready = false;
    #patience: ReturnType<typeof setTimeout> | undefined;
    // What is asked before the player is there: the last of each kind, six at most.
    readonly #early = new Map<string, Command>();

    connectedCallback(): void {
      addEventListener("message", this.#onMessage);
      this.#make();
    }

    disconnectedCallback(): void {
      removeEventListener("message", this.#onMessage);
      clearTimeout(this.#patience);
      this.#frame = null;
      this.#ready = false;
    }

    attributeChangedCallback(name: string, former: string | null, value: string | null): void {
      if (this.#frame === null || former === value) {
        return;
      }
      if (name === "camera") {
        this.setCamera(value);
      } else {
        this.#make();
      }
    }

    play(): void {
      this.#ask("play");
    }
    pause(): void {
      this.#ask("pause");
    }
    mute(): void {
      this.#ask("mute");
    }
    unmute(): void {
      this.#ask("unmute");
    }
    /** A camera's id, or null to follow the programme. */
    setCamera(id: string | null): void {
      this.#ask("camera", id);
    }
    /** A rung's name, or null to leave the choice to the relay. */
    setQuality(name: string | null): void {
      this.#ask("quality", name);
    }

    #make(): void {
      const url = frameUrl(this);
      const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
      this.#ready = false;
      this.#early.clear();
      clearTimeout(this.#patience);
      if (url === null) {
        this.#frame = null;
        root.replaceChildren();
        return;
      }
      const style = document.createElement("style");
      style.textContent =
        ":host{display:block;width:100%;aspect-ratio:16/9;min-width:200px;min-height:200px}" +
        ":host([hidden]){display:none}iframe{display:block;width:100%;height:100%;border:0}";
      const frame = document.createElement("iframe");
      frame.allow = ALLOW;
      frame.title = this.getAttribute("title") ?? "EVA Relay";
      frame.referrerPolicy = "origin";
      frame.src = url.href;
      this.#frame = frame;
      this.#origin = url.origin;
      root.replaceChildren(style, frame);
      this.#patience = setTimeout(() => this.#tell("error", { message: "silent" }), PATIENCE_MS);
    }

    #tell(event: EmbedEvent, detail: unknown): void {
      this.dispatchEvent(new CustomEvent(event, { detail }));
    }

    #ask(command: Command["command"], value?: string | null): void {
      const message: Command = { eva: 1, command, ...(value === undefined ? {} : { value }) };
      if (this.#ready) {
        this.#frame?.contentWindow?.postMessage(message, this.#origin);
      } else {
        this.#early.set(command, message);
      }
    }

    readonly #onMessage = (message: MessageEvent): void => {
      const { data, origin, source } = message;
      if (origin !== this.#origin || source !== this.#frame?.contentWindow || data?.eva !== 1) {
        return;
      }
      if (!EVENTS.includes(data.event)) {
        return;
      }
      clearTimeout(this.#patience);
      if (data.event === "ready") {
        this.#ready = true;
        for (const early of this.#early.values()) {
          this.#frame?.contentWindow?.postMessage(early, this.#origin);
        }
        this.#early.clear();
      }
      this.#tell(data.event, data.value);
    };
  }

  if (customElements.get(NAME) === undefined) {
    customElements.define(NAME, EvaPlayer);
  }
})();
