/** How forms look. */

import { css } from "lit";
import { solidButton } from "./button-styles.ts";

/** Rules for forms: labels above fields, one solid button. */
export const formStyles = [
  solidButton,
  css`
  form {
    display: grid;
    gap: 0.75rem;
  }
  label {
    display: grid;
    gap: 0.25rem;
    color: var(--ink-soft);
    font-size: 0.875rem;
  }
  textarea,
  input[type="text"],
  input[type="email"] {
    width: 100%;
    padding: 0.6rem 0.75rem;
    border: 1px solid var(--line-strong);
    border-radius: var(--round-small);
    background: var(--surface);
    color: var(--ink);
    font: 400 1rem/1.5 var(--sans);
    resize: vertical;
  }
  textarea:focus-visible,
  input:focus-visible {
    outline-offset: -1px;
  }
  .send {
    justify-self: start;
    padding: 0 1.5rem;
  }
  .send:disabled {
    opacity: 0.6;
    cursor: progress;
  }
  .trouble {
    color: var(--danger);
    font-size: 0.9375rem;
  }
  .trouble:empty {
    display: none;
  }
`,
];
