/** How the 360° view looks. */

import { css } from "lit";

/** Rules of `<eva-sphere>`. */
export const sphereStyles = css`
  :host {
    position: absolute;
    inset: 0;
    container-type: size;
    color: #fff;
  }
  .field {
    position: absolute;
    inset: 0;
    cursor: grab;
    touch-action: none;
  }
  :host([still]) .field {
    pointer-events: none;
  }
  .field:active {
    cursor: grabbing;
  }
  .field:focus-visible {
    outline-offset: -3px;
  }
  canvas {
    display: block;
    width: 100%;
    height: 100%;
  }
  .controls {
    position: absolute;
    /* Pages that put something of their own over the picture's top say how far down it reaches. */
    top: var(--sphere-top, clamp(0.5rem, 2cqi, 1.5rem));
    left: clamp(0.5rem, 2cqi, 1.5rem);
    display: flex;
    flex-flow: column;
    align-items: center;
    gap: 0.25rem;
    --button: 2rem;
  }
  .controls > .compass {
    width: 2.75rem;
    height: 2.75rem;
    color: var(--accent);
  }
  .compass svg {
    width: 2.25rem;
    height: 2.25rem;
  }
  .pad {
    display: grid;
    grid-template-areas: ". up ." "left middle right" ". down .";
    border-radius: 50%;
    background: rgb(6 9 15 / 0.6);
  }
  .up {
    grid-area: up;
  }
  .left {
    grid-area: left;
  }
  .middle {
    grid-area: middle;
  }
  .right {
    grid-area: right;
  }
  .down {
    grid-area: down;
  }
  button {
    display: grid;
    place-items: center;
    width: var(--button);
    height: var(--button);
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: none;
    color: #fff;
    cursor: pointer;
  }
  .controls > button {
    background: rgb(6 9 15 / 0.6);
  }
  .controls button:hover {
    background: rgb(255 255 255 / 0.24);
  }
  button[aria-pressed="true"] {
    background: #fff;
    color: #0b1220;
  }
  @media (forced-colors: active) {
    button[aria-pressed="true"] {
      border: 2px solid Highlight;
      color: Highlight;
    }
  }
  button:focus-visible {
    outline-offset: -2px;
  }
  /* In a small player a column would leave nothing to look at, and reach down into the bar: the
     arrows lie in one row, and all the rest in a second, as wide as they. */
  @container (max-height: 28rem) {
    .controls {
      flex-flow: row wrap;
      max-width: calc(6 * var(--button) + 1.75rem);
    }
    .controls > .compass {
      width: 2.25rem;
      height: 2.25rem;
    }
    .compass svg {
      width: 1.75rem;
      height: 1.75rem;
    }
    .pad {
      grid-template-areas: "left up middle down right";
      border-radius: 1rem;
    }
  }
  @container (max-height: 28rem) and (max-width: 30rem) {
    .controls {
      --button: 1.75rem;
    }
  }
  /* The way to sound takes the right half: the arrows go below all others, in a row as short. */
  @container (max-height: 28rem) and (max-width: 22rem) {
    .controls {
      gap: 0.125rem;
      max-width: calc(4 * var(--button) + 2.75rem);
    }
    .pad {
      order: 1;
    }
  }
  @container (max-height: 28rem) and (max-width: 16rem) {
    .controls {
      max-width: calc(5 * var(--button));
    }
    .pad {
      order: 0;
    }
  }
`;
