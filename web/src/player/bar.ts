/** The player's control bar and its menus. */

import { msg, str } from "@lit/localize";
import { html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { spokenLanguage } from "../i18n/language.ts";
import type { Camera, Rendition } from "../protocol/broadcast.ts";
import { formatBitrate, formatMilliseconds } from "../ui/format.ts";
import {
  camera as cameraIcon,
  gear,
  layoutGrid,
  layoutPip,
  layoutSide,
  layoutSingle,
  theatreOff,
  theatreOn,
} from "../ui/icons.ts";
import { locale } from "../ui/locale.ts";
import type { Chosen, MenuGroup, MenuItem } from "../ui/menu.ts";
import { speakChrome } from "./chrome-words.ts";
import { isFromCamera } from "./latency-parts.ts";
import { rungName, SOURCE } from "./rungs.ts";
import type { Telemetry } from "./telemetry.ts";
import { LAYOUTS, type Layout } from "./wishes.ts";
import "../ui/menu.ts";

/** What there is to choose from in a player. */
export interface Choices {
  cameras: readonly Camera[];
  /** The camera on air, or null. */
  programme: string | null;
  /** The present layout; null where there is only one. */
  layout: Layout | null;
  /** The picture takes the page's whole width; null, or missing, where it cannot. */
  theatre?: boolean | null;
}

/** What the bar shows. */
export interface BarFacts {
  choices: Choices | null;
  /** The rungs of that camera. */
  ladder: readonly Rendition[];
  /** The camera that is wanted. */
  camera: string | null;
  /** The rung that is wanted, or null for the relay's choice. */
  rendition: string | null;
  telemetry: Telemetry | null;
  /** There are captions to turn on. */
  captions: boolean;
  /** The 360° picture is shown flat; null where the picture is flat by nature. */
  flat: boolean | null;
  onChoose(chosen: Chosen): void;
  onStats(): void;
  onTheatre(): void;
}

const LAYOUT_ICONS: Readonly<Record<Layout, TemplateResult>> = {
  single: layoutSingle,
  side: layoutSide,
  pip: layoutPip,
  grid: layoutGrid,
};

/** A layout's name. */
export function layoutName(layout: Layout): string {
  switch (layout) {
    case "single":
      return msg("One camera");
    case "side":
      return msg("Side by side");
    case "pip":
      return msg("Picture in picture");
    case "grid":
      return msg("All cameras");
  }
}

/** A layout's sign. */
export function layoutIcon(layout: Layout): TemplateResult {
  return LAYOUT_ICONS[layout];
}

/** The slider of the volume is fetched this long after the bar has come, milliseconds. */
const SLIDER_MS = 500;

let slider: ReturnType<typeof setTimeout> | undefined;

/** The bar, with the button in the middle that ends a pause. */
export function bar(facts: BarFacts): TemplateResult {
  // No picture waits for the slider. Its place in the bar is kept; a narrow player shows none, and
  // without it, as where the page is left meanwhile, the button is enough.
  if (slider === undefined) {
    slider = setTimeout(() => {
      import("media-chrome/media-volume-range").catch(() => {
        slider = undefined; // to be tried again
      });
    }, SLIDER_MS);
  }
  const language = spokenLanguage();
  speakChrome(language);
  // media-chrome's buttons read their words when they are made.
  return html`${keyed(language, controls(facts))}`;
}

function controls(facts: BarFacts): TemplateResult {
  const { choices } = facts;
  const choose = (event: CustomEvent<Chosen>): void => facts.onChoose(event.detail);
  return html`<media-play-button slot="centered-chrome" class="resume" notooltip></media-play-button>
    <media-control-bar @eva-choose=${choose} @eva-menu=${holdBar}>
      <media-play-button></media-play-button>
      <media-live-button></media-live-button>
      ${latencyBadge(facts)}
      <span class="spring"></span>
      <media-mute-button></media-mute-button>
      <media-volume-range></media-volume-range>
      ${
        choices === null || choices.cameras.length < 2
          ? nothing
          : html`<eva-menu
              class="cameras"
              .label=${msg("Camera")}
              .icon=${cameraIcon}
              .groups=${cameraGroups(choices, facts.camera)}
            ></eva-menu>`
      }
      <eva-menu
        class="settings"
        .label=${msg("Quality and settings")}
        .word=${qualityWord(facts)}
        .icon=${gear}
        .groups=${settingsGroups(facts)}
      ></eva-menu>
      ${theatreButton(facts)}
      <media-pip-button></media-pip-button>
      <media-fullscreen-button></media-fullscreen-button>
    </media-control-bar>`;
}

/** An open menu keeps the bar from hiding beneath it. */
function holdBar(event: CustomEvent<boolean>): void {
  const bar = event.currentTarget;
  if (bar instanceof Element) {
    bar.toggleAttribute("noautohide", event.detail);
  }
}

function latencyBadge(facts: BarFacts): TemplateResult | typeof nothing {
  const latencyMs = facts.telemetry?.latencyMs ?? null;
  if (latencyMs === null) {
    return nothing;
  }
  const text = formatMilliseconds(latencyMs, locale());
  const label = isFromCamera(facts.choices, facts.camera)
    ? msg(str`${text} behind the camera. Show statistics`)
    : msg(str`${text} since it reached the relay. Show statistics`);
  return html`<button
    class="latency"
    type="button"
    data-ms=${Math.round(latencyMs)}
    aria-label=${label}
    title=${label}
    @click=${() => facts.onStats()}
  >
    ${text}
  </button>`;
}

/** What is said of a camera without a picture. */
export function absence({ no_picture: noPicture }: Camera): string {
  return noPicture === true ? msg("No picture") : msg("No signal");
}

function theatreButton({ choices, onTheatre }: BarFacts): TemplateResult | typeof nothing {
  const theatre = choices?.theatre;
  return typeof theatre !== "boolean"
    ? nothing
    : html`<button
        class="theatre"
        type="button"
        aria-label=${msg("Theatre mode")}
        aria-pressed=${theatre}
        title=${msg("Theatre mode")}
        @click=${() => onTheatre()}
      >${theatre ? theatreOff : theatreOn}</button>`;
}

function cameraGroups(choices: Choices, wanted: string | null): MenuGroup[] {
  const cameras = choices.cameras.map((one): MenuItem => {
    const note = one.live
      ? one.id === choices.programme
        ? msg("On air")
        : undefined
      : absence(one);
    return {
      value: one.id,
      label: one.name,
      checked: one.id === wanted,
      ...(note === undefined ? {} : { note }),
    };
  });
  const layouts = LAYOUTS.map((value) => ({
    value,
    label: layoutName(value),
    checked: value === choices.layout,
  }));
  return [
    { name: "camera", label: msg("Camera"), items: cameras },
    ...(choices.layout === null ? [] : [{ name: "layout", label: msg("Layout"), items: layouts }]),
  ];
}

function qualityWord(facts: BarFacts): string {
  const { rendition } = facts;
  return received(facts) ?? (rendition === null ? "" : rungName(rendition));
}

/** The size of the rung that arrives, whatever has been asked for; null while there is no picture. */
function received({ telemetry }: BarFacts): string | null {
  const stats = telemetry?.stats;
  if (stats === undefined || stats.height === 0) {
    return null;
  }
  const sized = stats.rendition === null || stats.rendition === SOURCE;
  return sized ? `${Math.min(stats.width, stats.height)}p` : stats.rendition;
}

/** A rung's size where its name does not say it, what it takes, and whether it is the one that arrives. */
function rungNote(one: Rendition, arriving: string | null): string {
  const size = one.name === SOURCE ? [`${Math.min(one.width, one.height)}p`] : [];
  const rate = formatBitrate(one.bitrate_bps, locale());
  return [...size, rate, ...(one.name === arriving ? [msg("on screen")] : [])].join(", ");
}

function settingsGroups(facts: BarFacts): MenuGroup[] {
  const { ladder, rendition } = facts;
  const arriving = received(facts);
  const rungs = ladder.map(
    (one): MenuItem => ({
      value: one.name,
      label: rungName(one.name),
      note: rungNote(one, facts.telemetry?.stats.rendition ?? null),
      checked: one.name === rendition,
    }),
  );
  const auto: MenuItem = {
    value: "",
    label: msg("Automatic"),
    checked: rendition === null,
    ...(arriving === null ? {} : { note: arriving }),
  };
  return [
    ...(rungs.length === 0
      ? []
      : [{ name: "quality", label: msg("Quality"), items: [auto, ...rungs] }]),
    { name: "more", label: msg("More"), items: moreItems(facts) },
  ];
}

function moreItems(facts: BarFacts): MenuItem[] {
  return [
    ...(facts.captions ? [{ value: "captions", label: msg("Captions"), note: "C" }] : []),
    ...(facts.flat === null
      ? []
      : [{ value: "flat", label: facts.flat ? msg("Look around") : msg("Show the flat picture") }]),
    { value: "stats", label: msg("Statistics"), note: "I" },
    { value: "help", label: msg("Keyboard shortcuts"), note: "?" },
  ];
}
