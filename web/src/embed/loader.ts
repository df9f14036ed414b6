/**
 * `/embed.js`: defines `<eva-player src="https://relay/b/slug">` in a partner's page.
 *
 * The element holds a frame with the player, turns its methods and attributes into messages, and the
 * frame's news into events. It stands alone: one small file, without imports, which may be included twice.
 */

import type { Answer, Command, EmbedEvent, MediaState } from "./messages.ts";

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: the function is the scope of the whole file.
void (() => {
  const NAME = "eva-player";
  const ALLOW =
    "autoplay; fullscreen; picture-in-picture; screen-wake-lock; gyroscope; accelerometer; " +
    "local-network; loopback-network; local-network-access";
  const PARAMETERS = ["partner", "camera", "controls", "lang", "theme"];
  /** A frame that has said nothing for so long cannot speak: its server is away, or it may not be shown. */
  const PATIENCE_MS = 10_000;
  const EVENTS: readonly EmbedEvent[] = [
    "ready",
    "state",
    "play",
    "pause",
    "volumechange",
    "rating",
    "viewers",
    "error",
    "time",
  ];
  /** How a player stands that has told nothing yet. */
  const AT_FIRST: MediaState = { paused: true, muted: true, volume: 1 };
  /** Of these the last one counts. */
  const SLOTS: Readonly<Record<string, string>> = { pause: "play", unmute: "mute" };

  /** A promise of `play()`; as for a media element, calls until it plays share one outcome. */
  interface Playing {
    id: number;
    promise: Promise<void>;
    resolve: () => void;
    reject: (reason: DOMException) => void;
  }

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
    #media = AT_FIRST;
    #playing: Playing | null = null;
    #plays = 0;
    // What is asked before the player is there: the last of each kind, five at most.
    readonly #early = new Map<string, Command>();

    connectedCallback(): void {
      addEventListener("message", this.#onMessage);
      this.#make();
    }

    disconnectedCallback(): void {
      removeEventListener("message", this.#onMessage);
      this.#reset();
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

    get paused(): boolean {
      return this.#media.paused;
    }
    get muted(): boolean {
      return this.#media.muted;
    }
    set muted(muted: boolean) {
      this.#ask(muted ? "mute" : "unmute");
    }
    get volume(): number {
      return this.#media.volume;
    }
    set volume(volume: number) {
      if (!(volume >= 0 && volume <= 1)) {
        throw new DOMException(`The volume ${volume} is not between 0 and 1.`, "IndexSizeError");
      }
      this.#ask("volume", volume);
    }

    /** Rejected as a media element's: `NotAllowedError`, `AbortError`, `NotSupportedError`. */
    play(): Promise<void> {
      if (this.#frame === null) {
        return Promise.reject(new DOMException("There is nothing to play.", "NotSupportedError"));
      }
      if (this.#playing === null) {
        let resolve!: Playing["resolve"];
        let reject!: Playing["reject"];
        const promise = new Promise<void>((done, failed) => {
          resolve = done;
          reject = failed;
        });
        this.#plays += 1;
        this.#playing = { id: this.#plays, promise, resolve, reject };
        this.#ask("play", undefined, this.#plays);
      }
      return this.#playing.promise;
    }
    pause(): void {
      // The player itself rejects what it is trying; what it has not been asked yet ends here.
      if (!this.#ready) {
        this.#abandon("AbortError", "The call to play() was interrupted by a call to pause().");
      }
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
      this.#reset();
      if (url === null) {
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
      this.#patience = setTimeout(() => {
        const message = "The player has not answered for ten seconds.";
        this.#tell("error", { code: "silent", message });
        this.#abandon("NotSupportedError", message);
      }, PATIENCE_MS);
    }

    /** Forgets the frame that was there, and how it stood. */
    #reset(): void {
      clearTimeout(this.#patience);
      this.#abandon("AbortError", "The player was taken away or loaded anew.");
      this.#frame = null;
      this.#ready = false;
      this.#early.clear();
      this.#media = AT_FIRST;
    }

    #abandon(name: string, message: string): void {
      this.#playing?.reject(new DOMException(message, name));
      this.#playing = null;
    }

    #settle({ id, error }: Answer): void {
      if (id !== this.#playing?.id) {
        return;
      }
      if (error === null) {
        this.#playing.resolve();
        this.#playing = null;
      } else {
        this.#abandon(error.name, error.message);
      }
    }

    #tell(event: EmbedEvent, detail: unknown): void {
      this.dispatchEvent(new CustomEvent(event, { detail }));
    }

    #ask(command: Command["command"], value?: Command["value"], id?: number): void {
      const message: Command = {
        eva: 1,
        command,
        ...(value === undefined ? {} : { value }),
        ...(id === undefined ? {} : { id }),
      };
      if (this.#ready) {
        this.#frame?.contentWindow?.postMessage(message, this.#origin);
      } else {
        this.#early.set(SLOTS[command] ?? command, message);
      }
    }

    readonly #onMessage = (message: MessageEvent): void => {
      const { data, origin, source } = message;
      if (origin !== this.#origin || source !== this.#frame?.contentWindow || data?.eva !== 1) {
        return;
      }
      if (data.event === "answer") {
        this.#settle(data.value);
        return;
      }
      if (!EVENTS.includes(data.event)) {
        return;
      }
      if (typeof data.value?.paused === "boolean") {
        const { paused, muted, volume } = data.value;
        this.#media = { paused, muted, volume };
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
