/** `<eva-embed-docs>`: how to embed and steer the player, with a playground. */

import { localized, msg } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { languageReady } from "../../i18n/language.ts";
import type { Broadcast } from "../../protocol/broadcast.ts";
import { getBroadcasts } from "../../transport/api.ts";
import { shared } from "../../ui/shared-styles.ts";
import { inOrder } from "../home/order.ts";
import { docsStyles } from "./docs-styles.ts";
import {
  elementExample,
  frameExample,
  messageExample,
  oembedExample,
  tokenExample,
} from "./examples.ts";
import "../../ui/footer.ts";
import "../../ui/topbar.ts";
import "./code.ts";
import "./playground.ts";
import { now } from "../../ui/now.ts";

/** See the module's header. */
@customElement("eva-embed-docs")
@localized()
export class EvaEmbedDocs extends LitElement {
  static override styles = [shared, docsStyles];

  /** Null until it is known whether there are any. */
  @state() private broadcasts: readonly Broadcast[] | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  /** The first rendering waits for the words. */
  protected override async scheduleUpdate(): Promise<void> {
    await languageReady();
    await super.scheduleUpdate();
  }

  protected override updated(): void {
    document.title = `${msg("Embedding a broadcast")} · EVA Relay`; // as the server has written it
  }

  protected override render(): TemplateResult {
    const { origin } = location;
    const { broadcasts } = this;
    const [broadcast] = broadcasts ?? [];
    const slug = broadcast?.slug ?? "your-broadcast";
    const camera = broadcast?.cameras.at(-1)?.id ?? "drone";
    return html`<eva-topbar></eva-topbar>
      <main>
        <h1>${msg("Put a spacewalk into your page")}</h1>
        <p class="lead">
          ${msg("The player looks after itself: it joins, comes back after a loss, and takes the quality that fits. Your page says where it stands, and may steer it.")}
        </p>
        <section>
          <h2>${msg("Try it")}</h2>
          ${broadcasts === null ? nothing : html`<eva-playground .broadcasts=${broadcasts}></eva-playground>`}
        </section>
        <section>
          <h2>${msg("A frame")}</h2>
          <p>${msg("The shortest way. At least 200 by 200 pixels.")}</p>
          ${code(frameExample(origin, slug))} ${parameters()}
        </section>
        <section>
          <h2>${msg("An element")}</h2>
          <p>${msg("The same player as an element with methods and events. The script has less than 5 kB.")}</p>
          ${code(elementExample(origin, slug))} ${commands()}
          <p>${msg("paused, muted and volume can be read at any time, as of a media element. What somebody asks for is told once the media has confirmed it: play, pause, volumechange.")}</p>
          ${news()} ${errors()}
        </section>
        <section>
          <h2>${msg("Messages by hand")}</h2>
          <p>${msg("The element does no more than this. The player listens to the page around it and to nobody else.")}</p>
          ${code(messageExample(origin, camera))}
          <p>${msg("Every message has eva: 1. Requests carry command, and value where there is one; news carry event and value. A play with an id of yours is answered by the event answer with that id.")}</p>
        </section>
        <section>
          <h2>${msg("Partners and closed broadcasts")}</h2>
          <p>${msg("A partner has an id and a list of origins. A player with your id appears in pages of these origins only; without an id it appears anywhere, unless the broadcast is for partners only. A closed broadcast needs a token, which the server of a partner that the broadcast names asks for, and which is valid for an hour at most.")}</p>
          ${code(tokenExample(origin, slug))}
        </section>
        <section>
          <h2>oEmbed</h2>
          <p>${msg("Every broadcast's page names its oEmbed address, so that editors embed a pasted link by themselves.")}</p>
          ${code(oembedExample(origin, slug))}
        </section>
      </main>
      <eva-footer></eva-footer>`;
  }

  async #load(): Promise<void> {
    try {
      this.broadcasts = inOrder((await getBroadcasts()).broadcasts, now());
    } catch {
      this.broadcasts = []; // the documentation reads as well without one to try it with
    }
  }
}

function code(text: string): TemplateResult {
  return html`<eva-code .text=${text}></eva-code>`;
}

function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): TemplateResult {
  return html`<div class="table" tabindex="0" role="region" aria-label=${caption}>
    <table>
      <caption>${caption}</caption>
      <thead><tr>${head.map((one) => html`<th scope="col">${one}</th>`)}</tr></thead>
      <tbody>
        ${rows.map(
          ([name, ...cells]) => html`<tr>
            <th scope="row"><code>${name}</code></th>
            ${cells.map((one) => html`<td>${one}</td>`)}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function parameters(): TemplateResult {
  return table(
    msg("Parameters of the address, and attributes of the element"),
    [msg("Name"), msg("Meaning")],
    [
      ["partner", msg("Your id, if you have one")],
      ["camera", msg("The camera to begin with; without it the programme")],
      ["controls", msg("0 leaves the controls out")],
      ["lang", "en, fr, de, es, it"],
      ["theme", "dark, light"],
    ],
  );
}

function commands(): TemplateResult {
  return table(
    msg("Commands"),
    [msg("Method"), msg("Message"), msg("Meaning")],
    [
      ["play()", "play", msg("Goes on; gives a promise that is rejected as a media element's is")],
      ["pause()", "pause", msg("Stops the picture")],
      ["mute()", "mute", msg("Sound off")],
      ["unmute()", "unmute", msg("Sound on, where the browser allows it")],
      ["muted = true", "mute, unmute", msg("The same as an attribute of media elements")],
      ["volume = 0.5", "volume", msg("How loud, from 0 to 1")],
      ["setCamera(id)", "camera", msg("Another camera; null follows the programme")],
      ["setQuality(name)", "quality", msg("A quality; null leaves the choice to the relay")],
    ],
  );
}

function news(): TemplateResult {
  return table(
    msg("Events"),
    [msg("Name"), msg("Value")],
    [
      ["ready", '{"slug", "paused", "muted", "volume"}'],
      ["play, pause, volumechange", '{"paused", "muted", "volume"}'],
      ["state", '{"phase", "camera", "rendition"}'],
      ["rating", '{"average", "count", "yours"}'],
      ["viewers", "1284"],
      ["time", '{"at", "latency_ms", "since": "camera" | "arrival"}'],
      ["error", '{"code", "message"}'],
      ["answer", '{"id", "error": {"name", "message"} | null}'],
    ],
  );
}

function errors(): TemplateResult {
  return table(
    msg("Codes of the event error"),
    [msg("Code"), msg("Meaning")],
    [
      ["closed", msg("The broadcast is closed, and there is no valid token")],
      ["gone", msg("There is no such broadcast, or it has been deleted")],
      ["unloadable", msg("The broadcast cannot be loaded; the player goes on trying")],
      ["not-allowed", msg("The broadcast or the partner does not allow this site")],
      [
        "silent",
        msg("The player has not answered for ten seconds; the element tells it, not the player"),
      ],
      ["refused", msg("The server refuses the picture, or the browser cannot show it")],
      ["unknown-camera", msg("The broadcast has no such camera; the programme is shown")],
      ["unknown-quality", msg("The camera has no such quality; the relay chooses")],
    ],
  );
}

declare global {
  interface HTMLElementTagNameMap {
    "eva-embed-docs": EvaEmbedDocs;
  }
}
