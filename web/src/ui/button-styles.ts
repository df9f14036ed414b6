/** How the one solid button of a dialog, form or waiting picture looks. */

import { css } from "lit";

/** Rules for `.solid`. */
export const solidButton = css`
  .solid {
    min-height: 2.75rem;
    padding: 0 1.25rem;
    /* Where colours are forced, a border is all that is left of its shape. */
    border: 1px solid transparent;
    border-radius: var(--round-small);
    background: var(--accent);
    color: var(--on-accent);
    font-weight: 650;
    cursor: pointer;
  }
  .solid:hover {
    background: var(--accent-strong);
  }
`;
