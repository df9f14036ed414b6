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
  :host([plain]) .field {
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
    top: clamp(0.5rem, 2cqi, 1.5rem);
    left: clamp(0.5rem, 2cqi, 1.5rem);
    display: grid;
    justify-items: center;
    gap: 0.25rem;
  }
  .compass {
    width: 2.75rem;
    padding: 0.25rem;
    border-radius: 50%;
    background: rgb(6 9 15 / 0.6);
    color: var(--accent);
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
    width: 2rem;
    height: 2rem;
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
  button:hover {
    background: rgb(255 255 255 / 0.24);
  }
  button[aria-pressed="true"] {
    background: #fff;
    color: #0b1220;
  }
  button:focus-visible {
    outline-offset: -2px;
  }
  /* A small player has its arrow keys and fingers; the buttons would leave nothing to look at. */
  @container (max-height: 17rem) {
    .controls {
      grid-auto-flow: column;
      align-items: center;
    }
    .compass {
      width: 2rem;
    }
    .pad {
      grid-template-areas: "left up middle down right";
      border-radius: 1rem;
    }
  }
`;
