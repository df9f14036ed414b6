/** The grids of several cameras. Every tile is 16:9. */

import { css } from "lit";

/** Rules of `<eva-stage>`. */
export const stageStyles = css`
  .tiles {
    position: relative;
    display: grid;
    gap: 2px;
    overflow: hidden;
    border-radius: var(--player-round, 0);
    background: #000;
    container-type: inline-size;
  }
  .tile {
    position: relative;
    min-width: 0;
    min-height: 0;
  }
  eva-player {
    width: 100%;
    height: 100%;
    max-height: var(--player-max, none);
    --player-round: 0;
  }

  .side {
    grid-template-columns: repeat(2, minmax(0, 1fr));
    align-items: center;
  }
  .grid[data-others="1"] {
    grid-template-columns: repeat(2, minmax(0, 1fr));
  }
  /* One of twice the size, with two beside it: the whole is half again as wide as the big one. */
  .grid[data-others="2"] {
    grid-template-columns: minmax(0, 2fr) minmax(0, 1fr);
    grid-template-rows: repeat(2, 1fr);
    aspect-ratio: 8 / 3;
    max-height: var(--player-max, none);
    margin-inline: auto;
  }
  .grid[data-others="2"] .main {
    grid-row: 1 / 3;
  }
  .grid[data-others="3"] {
    grid-template-columns: repeat(2, minmax(0, 1fr));
  }
  .grid {
    grid-template-columns: repeat(3, minmax(0, 1fr));
  }

  .pip .small {
    position: absolute;
    top: clamp(0.5rem, 2cqi, 1.5rem);
    right: clamp(0.5rem, 2cqi, 1.5rem);
    width: clamp(7rem, 26%, 30rem);
    overflow: hidden;
    border-radius: var(--round-small);
    box-shadow: 0 0 0 2px rgb(255 255 255 / 0.85), 0 0.5rem 2rem rgb(0 0 0 / 0.6);
  }

  .small button {
    position: absolute;
    inset: 0;
    display: flex;
    align-items: end;
    padding: 0.5rem;
    border: 0;
    background: none;
    color: #fff;
    font: 600 0.8125rem/1.3 var(--sans);
    text-align: start;
    cursor: pointer;
  }
  .small button span {
    max-width: 100%;
    padding: 0.2rem 0.5rem;
    overflow: hidden;
    border-radius: var(--round-small);
    background: rgb(6 9 15 / 0.78);
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .small button:hover {
    box-shadow: inset 0 0 0 2px #fff;
  }
  .small button:focus-visible {
    outline: 3px solid var(--accent);
    outline-offset: -3px;
  }

  .tiles:fullscreen {
    width: 100vw;
    height: 100vh;
    max-height: none;
    border-radius: 0;
    align-content: center;
    --player-max: none;
  }
  .single:fullscreen .main,
  .pip:fullscreen .main {
    height: 100vh;
  }

  /* On a phone two halves of a screen show nothing; one above the other they do. */
  @media (max-width: 40rem) {
    .side,
    .grid[data-others="1"] {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
