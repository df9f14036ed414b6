/** What the player puts over its picture, each in the place that media-chrome has for it. */

import { msg } from "@lit/localize";
import { html, type TemplateResult } from "lit";
import { speaker } from "../ui/icons.ts";
import { wayBack } from "./choice.ts";
import type { Abilities } from "./help-rows.ts";
import { isFromCamera } from "./latency-parts.ts";
import type { Link } from "./link.ts";
import type { Panel } from "./overlay-state.ts";
import type { EvaPlayer } from "./player.ts";
import { hasPicture } from "./seen.ts";
import { wish } from "./wishes.ts";
import "./slate.ts";

/** What is shown in place of, or over, a picture that does not move. */
export function slateOf(player: EvaPlayer, link: Link, done: () => void): TemplateResult {
  const programme = wayBack(player.choices, player.camera);
  const goBack = (): void => {
    wish(player, "eva-camera", { id: programme });
    done();
  };
  const shown = player.choices?.cameras.find((one) => one.id === player.camera);
  return html`<eva-slate
    slot="centered-chrome"
    noautohide
    .phase=${player.phase}
    .pictured=${hasPicture(link)}
    .lostSinceMs=${link.lostSinceMs}
    .seenAt=${shown?.seen_at ?? null}
    .noPicture=${shown?.no_picture ?? false}
    .startsAt=${player.startsAt}
    .clock=${player.clock}
    .cameraName=${player.cameraName}
    .refusal=${link.refusal}
    .seed=${player.slug}
    .away=${programme !== null}
    @eva-back=${goBack}
  ></eva-slate>`;
}

/** The way to sound, for a picture that began without. */
export function soundButton(done: () => void): TemplateResult {
  const ask = (event: Event): void => {
    const wish = new CustomEvent("mediaunmuterequest", { bubbles: true, composed: true });
    event.currentTarget?.dispatchEvent(wish);
    done();
  };
  const name = msg("Sound on");
  return html`<button
    class="sound"
    type="button"
    slot="top-chrome"
    title=${name}
    noautohide
    @click=${ask}
  >
    ${speaker}<span>${name}</span>
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
    .still=${player.small}
    @eva-sphere-lost=${lost}
  ></eva-sphere>`;
}

/** The figures, over the picture or in a dialog of their own. */
export function statsOf(player: EvaPlayer, panel: Panel, close: () => void): TemplateResult {
  const { health: telemetry, timings } = player;
  const fromCamera = isFromCamera(player.choices, player.camera);
  return panel === "over"
    ? html`<eva-stats
        slot="top-chrome"
        noautohide
        .telemetry=${telemetry}
        .timings=${timings}
        .fromCamera=${fromCamera}
        @eva-close=${close}
      ></eva-stats>`
    : html`<eva-dialog open .heading=${msg("Statistics")} @eva-close=${close}>
        <eva-stats
          apart
          .telemetry=${telemetry}
          .timings=${timings}
          .fromCamera=${fromCamera}
        ></eva-stats>
      </eva-dialog>`;
}

/** The keys. */
export function helpOf(can: Abilities, close: () => void): TemplateResult {
  return html`<eva-help .can=${can} @eva-close=${close}></eva-help>`;
}
