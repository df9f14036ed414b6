/** The house's mark: somebody outside, tethered, above the Earth's limb. */

import { html, svg, type TemplateResult } from "lit";

const drawing = svg`
  <circle cx="16" cy="16" r="14" fill="none" stroke="currentColor" stroke-width="2" />
  <path d="M4.1 21.6a19.5 19.5 0 0 1 23.8 0" fill="none" stroke="var(--accent)" stroke-width="2.6" />
  <path d="M20.4 9.8c-5.6-.6-8 1.6-6.2 3.8 1.4 1.7.6 3-.7 3.9" fill="none" stroke="currentColor"
    stroke-width="1.3" stroke-linecap="round" />
  <circle cx="21.4" cy="9.9" r="2.5" fill="currentColor" />
`;

/** The mark, as high as the text beside it asks. */
export const mark: TemplateResult = html`<svg
  viewBox="0 0 32 32"
  width="2rem"
  height="2rem"
  aria-hidden="true"
>
  ${drawing}
</svg>`;
