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

  /* The way to sound has its place beneath the small picture, which is as wide as 26 of 100 parts. */
  .pip {
    --small-top: clamp(0.5rem, 2cqi, 1.5rem);
    --small-width: clamp(7rem, 26cqi, 30rem);
    --sound-top: calc(var(--small-top) + var(--small-width) * 9 / 16 + 0.75rem);
  }
  .pip .small {
    position: absolute;
    top: var(--small-top);
    right: var(--small-top);
    width: var(--small-width);
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
  .small button bdi {
    max-width: 100%;
    padding: 0.2rem 0.5rem;
    overflow: hidden;
    border-radius: var(--round-small);
    background: rgb(6 9 15 / 0.78);
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  /* What is named here shall also be seen. */
  @container (max-width: 40rem) {
    .small button {
      padding: 0.2rem;
      font-size: 0.6875rem;
      line-height: 1.2;
    }
    .small button bdi,
    .main .name {
      padding: 0.0625rem 0.25rem;
      font-size: 0.6875rem;
    }
    .main .name {
      top: 0.25rem;
      left: 0.25rem;
    }
    .tiles:not(.single) {
      --sphere-top: 1.75rem;
      --panel-top: 1.75rem;
    }
  }
  .main .name {
    position: absolute;
    top: 0.5rem;
    left: 0.5rem;
    max-width: calc(100% - 1rem);
    padding: 0.2rem 0.5rem;
    overflow: hidden;
    border-radius: var(--round-small);
    background: rgb(6 9 15 / 0.78);
    color: #fff;
    font: 600 0.8125rem/1.3 var(--sans);
    text-overflow: ellipsis;
    white-space: nowrap;
    pointer-events: none;
  }
  /* The big picture's name stands where a single one has its buttons and figures. */
  .tiles:not(.single) {
    --sphere-top: 2.5rem;
    --panel-top: 2.5rem;
  }
  .pip .main .name {
    max-width: calc(100% - var(--small-width) - 3 * var(--small-top));
  }
  .small button:hover {
    box-shadow: inset 0 0 0 2px #fff;
  }
  .small button:focus-visible {
    outline: 3px solid var(--accent);
    outline-offset: -3px;
  }

  /* On a phone two halves of a screen show nothing; one above the other they do. Of more cameras the
     big one keeps its width, with its controls, and the others share the rows beneath. */
  @media (max-width: 40rem) {
    .side,
    .grid[data-others="1"] {
      grid-template-columns: minmax(0, 1fr);
    }
    .grid[data-others]:not([data-others="1"], :fullscreen) {
      grid-template-columns: repeat(2, minmax(0, 1fr));
      grid-template-rows: none;
      aspect-ratio: auto;
      max-height: none;
    }
    .grid[data-others]:not([data-others="1"], :fullscreen) .main {
      grid-column: 1 / -1;
      grid-row: auto;
    }
  }

  .tiles:fullscreen {
    width: 100vw;
    height: 100vh;
    max-height: none;
    aspect-ratio: auto;
    border-radius: 0;
    --player-max: none;
  }
  .single:fullscreen .main,
  .pip:fullscreen .main {
    height: 100vh;
  }

  /* In full screen a tile is as large as the screen's width and its height allow, and stays 16:9. */
  .side,
  .grid {
    --columns: 2;
    --rows: 1;
  }
  .grid[data-others="2"] {
    --columns: 3;
    --rows: 2;
  }
  .grid[data-others="3"] {
    --rows: 2;
  }
  .grid:is([data-others="4"], [data-others="5"]) {
    --columns: 3;
    --rows: 2;
  }
  .grid:is([data-others="6"], [data-others="7"], [data-others="8"]) {
    --columns: 3;
    --rows: 3;
  }
  @media (max-aspect-ratio: 1) {
    .side,
    .grid[data-others="1"] {
      --columns: 1;
      --rows: 2;
    }
    .grid[data-others="2"] {
      --columns: 2;
      --rows: 3;
    }
  }
  .side:fullscreen,
  .grid[data-others]:fullscreen {
    --tile: min(
      (100vw - (var(--columns) - 1) * 2px) / var(--columns),
      (100vh - (var(--rows) - 1) * 2px) / var(--rows) * 16 / 9
    );
    grid-template-columns: repeat(var(--columns), var(--tile));
    grid-template-rows: repeat(var(--rows), calc(var(--tile) * 9 / 16));
    place-content: center;
  }
  .grid[data-others="2"]:fullscreen .main {
    grid-column: 1 / 3;
    grid-row: 1 / 3;
  }
`;
