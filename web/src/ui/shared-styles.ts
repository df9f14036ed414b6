/** Rules that every component starts from. */

import { css } from "lit";

/** A bar that lies on the dark sky of what follows it, whatever the theme. */
export const overSky = css`
  position: absolute;
  inset: 0 0 auto;
  /* Above the words, whose box reaches up to it in a low window. */
  z-index: 3;
  color: #fff;
  color-scheme: dark;
`;

/** Box model, focus ring, hidden text. */
export const shared = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  :host {
    display: block;
  }

  :host([hidden]) {
    display: none;
  }

  h1,
  h2,
  h3,
  p,
  ul,
  dl,
  dd,
  figure,
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
  }

  ul {
    list-style: none;
  }

  a {
    color: inherit;
  }

  button,
  input {
    font: inherit;
    color: inherit;
  }

  svg {
    display: block;
  }

  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 3px;
  }

  .hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  .eyebrow {
    font: 600 var(--step--1) / 1.4 var(--sans);
    color: var(--ink-faint);
    letter-spacing: 0.01em;
  }

  .figures {
    font-variant-numeric: tabular-nums;
  }
`;
