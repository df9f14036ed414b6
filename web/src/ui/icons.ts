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
