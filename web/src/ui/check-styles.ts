/** How boxes to tick look: an empty one is a place to put something, not one that is shut. */

import { css } from "lit";

/** Rules for `input[type="checkbox"]`. */
export const checkStyles = css`
  input[type="checkbox"] {
    appearance: none;
    flex: none;
    display: grid;
    place-items: center;
    width: 1.5rem;
    height: 1.5rem;
    margin: 0;
    border: 2px solid var(--ink-soft);
    border-radius: var(--round-small);
    background: var(--bg);
    cursor: pointer;
  }
  input[type="checkbox"]:hover {
    border-color: var(--accent);
  }
  input[type="checkbox"]:checked {
    border-color: var(--accent);
    background: var(--accent);
  }
  input[type="checkbox"]:checked::before {
    content: "";
    width: 0.375rem;
    height: 0.75rem;
    margin-top: -0.1875rem;
    border: solid var(--on-accent);
    border-width: 0 2.5px 2.5px 0;
    transform: rotate(45deg);
  }
  @media (forced-colors: active) {
    input[type="checkbox"] {
      appearance: auto;
    }
    input[type="checkbox"]:checked::before {
      content: none;
    }
  }
`;
