/** What the player puts over its picture, each in the place that media-chrome has for it. */

import { msg } from "@lit/localize";
import { html, type TemplateResult } from "lit";
import { speaker } from "../ui/icons.ts";
import type { Timings } from "./engine.ts";
import type { Link } from "./link.ts";
import type { EvaPlayer } from "./player.ts";
import { hasPicture } from "./seen.ts";
import type { Telemetry } from "./telemetry.ts";
import "./slate.ts";

/** What is shown in place of, or over, a picture that does not move. */
export function slateOf(player: EvaPlayer, link: Link): TemplateResult {
  return html`<eva-slate
    slot="centered-chrome"
    noautohide
    .phase=${player.phase}
    .pictured=${hasPicture(link)}
    .lostSinceMs=${link.lostSinceMs}
    .startsAt=${player.startsAt}
    .clock=${player.clock}
    .cameraName=${player.cameraName}
    .refusal=${link.refusal}
    .seed=${player.slug}
  ></eva-slate>`;
}

/** The way to sound, for a picture that began without. */
export function soundButton(done: () => void): TemplateResult {
  const ask = (event: Event): void => {
    const wish = new CustomEvent("mediaunmuterequest", { bubbles: true, composed: true });
    event.currentTarget?.dispatchEvent(wish);
    done();
  };
  return html`<button class="sound" type="button" slot="top-chrome" noautohide @click=${ask}>
    ${speaker}<span>${msg("Sound on")}</span>
  </button>`;
}

/** The 360° view over the flat picture that it is made of. */
export function sphereOf(
  player: EvaPlayer,
  video: HTMLVideoElement,
  lost: () => void,
): TemplateResult {
  return html`<eva-sphere
    slot="centered-chrome"
    noautohide
    .video=${video}
    .operatorView=${player.operatorView}
    .plain=${player.bare}
    @eva-sphere-lost=${lost}
  ></eva-sphere>`;
}

/** The figures. */
export function statsPanel(
  telemetry: Telemetry | null,
  timings: Timings | null,
  close: () => void,
): TemplateResult {
  return html`<eva-stats
    slot="top-chrome"
    noautohide
    .telemetry=${telemetry}
    .timings=${timings}
    @eva-close=${close}
  ></eva-stats>`;
}
