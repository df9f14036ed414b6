/** The pages' icons: one line weight on a 24-unit grid, in the colour of the text around them. */

import { html, type SVGTemplateResult, svg, type TemplateResult } from "lit";

function icon(paths: SVGTemplateResult): TemplateResult {
  return html`<svg
    viewBox="0 0 24 24"
    width="1.25em"
    height="1.25em"
    fill="none"
    stroke="currentColor"
    stroke-width="1.75"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${paths}
  </svg>`;
}

/** A five-pointed star; its fill is set by style. */
export const star: TemplateResult = icon(
  svg`<path d="m12 2.9 2.8 5.8 6.4.9-4.6 4.4 1.1 6.4-5.7-3-5.7 3 1.1-6.4-4.6-4.4 6.4-.9z" />`,
);

/** An eye: how many are watching. */
export const eye: TemplateResult = icon(svg`
  <path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z" />
  <circle cx="12" cy="12" r="2.75" />
`);

/** A loudspeaker that is silent as yet. */
export const speaker: TemplateResult = icon(svg`
  <path d="M4 9.5v5h3.5l4.5 4v-13l-4.5 4Z" />
  <path d="M15.5 9a4.2 4.2 0 0 1 0 6M18.3 6.2a8.2 8.2 0 0 1 0 11.6" />
`);

/** The sun: the light theme. */
export const sun: TemplateResult = icon(svg`
  <circle cx="12" cy="12" r="3.9" />
  <path d="M12 2.7v2M12 19.3v2M2.7 12h2M19.3 12h2M5.4 5.4l1.4 1.4M17.2 17.2l1.4 1.4M5.4 18.6l1.4-1.4M17.2 6.8l1.4-1.4" />
`);

/** The moon: the dark theme. */
export const moon: TemplateResult = icon(
  svg`<path d="M20 14.3A8.3 8.3 0 0 1 9.7 4a8.3 8.3 0 1 0 10.3 10.3Z" />`,
);

/** Onwards. */
export const arrow: TemplateResult = icon(svg`<path d="M4.5 12h15M13 5.5l6.5 6.5-6.5 6.5" />`);

/** A camera on a tripod's head. */
export const camera: TemplateResult = icon(svg`
  <rect x="2.75" y="6.5" width="12.5" height="11" rx="2" />
  <path d="m15.25 10.5 6-3.25v9.5l-6-3.25" />
`);

/** A wheel with teeth: settings. */
export const gear: TemplateResult = icon(svg`
  <circle cx="12" cy="12" r="3.1" />
  <path d="M12 2.8v2.4M12 18.8v2.4M2.8 12h2.4M18.8 12h2.4M5.5 5.5l1.7 1.7M16.8 16.8l1.7 1.7M5.5 18.5l1.7-1.7M16.8 7.2l1.7-1.7" />
  <circle cx="12" cy="12" r="6.6" />
`);

/** One picture. */
export const layoutSingle: TemplateResult = icon(
  svg`<rect x="3" y="5.5" width="18" height="13" rx="1.5" />`,
);

/** Two pictures side by side. */
export const layoutSide: TemplateResult = icon(svg`
  <rect x="2.5" y="7" width="8.75" height="10" rx="1.25" />
  <rect x="12.75" y="7" width="8.75" height="10" rx="1.25" />
`);

/** A small picture within a big one. */
export const layoutPip: TemplateResult = icon(svg`
  <rect x="3" y="5.5" width="18" height="13" rx="1.5" />
  <rect x="12.5" y="11.5" width="6" height="4.5" rx=".75" fill="currentColor" />
`);

/** A wall of pictures. */
export const layoutGrid: TemplateResult = icon(svg`
  <rect x="3" y="5.5" width="8" height="5.75" rx="1" /><rect x="13" y="5.5" width="8" height="5.75" rx="1" />
  <rect x="3" y="12.75" width="8" height="5.75" rx="1" /><rect x="13" y="12.75" width="8" height="5.75" rx="1" />
`);

/** A picture that grows as wide as the page. */
export const theatreOn: TemplateResult = icon(svg`
  <rect x="2.5" y="6" width="19" height="12" rx="1.5" /><path d="m9 9.5-2.5 2.5 2.5 2.5M15 9.5l2.5 2.5-2.5 2.5" />
`);
/** One that gives the page its place back. */
export const theatreOff: TemplateResult = icon(svg`
  <rect x="2.5" y="6" width="19" height="12" rx="1.5" /><path d="m6.5 9.5 2.5 2.5-2.5 2.5M17.5 9.5 15 12l2.5 2.5" />
`);

/** Away with it. */
export const cross: TemplateResult = icon(svg`<path d="m6 6 12 12M18 6 6 18" />`);

/** Done, or chosen. */
export const tick: TemplateResult = icon(svg`<path d="m5 12.5 4.5 4.5L19 7.5" />`);

/** Handing something on. */
export const share: TemplateResult = icon(svg`
  <path d="M12 15V3.5M7.75 7.25 12 3.25l4.25 4M6 11H4.75v9.25h14.5V11H18" />
`);

/** A comment. */
export const bubble: TemplateResult = icon(svg`<path d="M4 5h16v11.5h-9.5L6 20v-3.5H4Z" />`);

/** A globe: the language, or somewhere on the Earth. */
export const globe: TemplateResult = icon(svg`
  <circle cx="12" cy="12" r="9" /><path d="M3 12h18M12 3c5 5.5 5 12.5 0 18M12 3c-5 5.5-5 12.5 0 18" />
`);

/** A drawing pin. */
export const pin: TemplateResult = icon(svg`<path d="M9 4h6l-1 6 3 3H7l3-3-1-6ZM12 13v7" />`);

/** Everything there is to know. */
export const gauge: TemplateResult = icon(
  svg`<path d="M4 18a9 9 0 1 1 16 0M12 14l4-4.5" /><circle cx="12" cy="14" r="1.2" />`,
);

/** A keyboard. */
export const keyboard: TemplateResult = icon(svg`
  <rect x="2.75" y="6.5" width="18.5" height="11" rx="2" />
  <path d="M6.5 10h.01M10 10h.01M14 10h.01M17.5 10h.01M8 14h8" />
`);

/** A sphere to look around in. */
export const sphere: TemplateResult = icon(svg`
  <circle cx="12" cy="12" r="8.75" /><ellipse cx="12" cy="12" rx="8.75" ry="3.4" />
  <ellipse cx="12" cy="12" rx="3.4" ry="8.75" />
`);

/** Up; turned for the other ways. */
export const up: TemplateResult = icon(svg`<path d="m6 14.5 6-6 6 6" />`);
/** Down. */
export const down: TemplateResult = icon(svg`<path d="m6 9.5 6 6 6-6" />`);
/** To the left. */
export const left: TemplateResult = icon(svg`<path d="m14.5 6-6 6 6 6" />`);
/** To the right. */
export const right: TemplateResult = icon(svg`<path d="m9.5 6 6 6-6 6" />`);
/** More of it. */
export const plus: TemplateResult = icon(svg`<path d="M12 5.5v13M5.5 12h13" />`);
/** Less of it. */
export const minus: TemplateResult = icon(svg`<path d="M5.5 12h13" />`);
/** Back to where it was. */
export const reset: TemplateResult = icon(
  svg`<path d="M5 5.5v5h5M5.3 10.2A7.5 7.5 0 1 1 4.7 14" />`,
);
/** A telephone that is turned. */
export const motion: TemplateResult = icon(svg`
  <rect x="8" y="4.5" width="8" height="15" rx="1.75" />
  <path d="M4.75 9A6.5 6.5 0 0 0 4.75 15M19.25 9a6.5 6.5 0 0 1 0 6" />
`);
