/** How the player looks. It is dark in either theme, as every screen around a picture should be. */

import { css } from "lit";

/** Rules of `<eva-player>`. */
export const playerStyles = css`
  :host {
    position: relative;
    color-scheme: dark;
    aspect-ratio: 16 / 9;
    overflow: hidden;
    border-radius: var(--player-round, 0);
    background: #000;
    color: #fff;
    container-type: inline-size;

    --media-primary-color: #fff;
    --media-secondary-color: transparent;
    --media-control-background: transparent;
    --media-control-hover-background: rgb(255 255 255 / 0.16);
    --media-control-height: 1.5rem;
    --media-control-padding: 0.625rem;
    --media-font-family: var(--sans);
    --media-font-size: 0.875rem;
    --media-focus-box-shadow: inset 0 0 0 2px var(--accent);
    --media-tooltip-background: rgb(6 9 15 / 0.94);
    --media-tooltip-arrow-color: rgb(6 9 15 / 0.94);
    --media-range-track-border-radius: 2px;
    --media-live-button-indicator-color: #ff5a4f;
  }

  media-controller {
    display: block;
    width: 100%;
    height: 100%;
  }

  media-controller:focus-visible {
    outline-offset: -3px;
  }

  /* In full screen nothing else could have the focus, and the picture should be all there is. */
  media-controller[mediaisfullscreen]:focus-visible {
    outline: none;
  }

  video {
    object-fit: contain;
    background: #000;
  }

  /* Captions stand above the bar's buttons while these are there. Firefox has no name for them. */
  media-controller:is(:not([userinactive]), [mediapaused])
    video::-webkit-media-text-track-container {
    transform: translateY(-3.25rem);
  }

  media-control-bar {
    position: relative;
    align-items: center;
    gap: 0.125rem;
    padding: 3rem 0.5rem 0.5rem;
    /* Dark enough for words on a white picture as far up as these reach. */
    background: linear-gradient(to top, rgb(0 0 0 / 0.8), rgb(0 0 0 / 0.68) 3rem, transparent);
  }

  media-control-bar > * {
    flex: none;
    border-radius: var(--round-small);
  }

  /* media-chrome draws its own ring, inside the button, where colours are not forced. */
  media-control-bar > :focus-visible {
    outline: 2px solid transparent;
    outline-offset: -2px;
  }

  .latency:focus-visible {
    outline-color: var(--accent);
  }

  media-control-bar > .spring {
    flex: 1;
    pointer-events: none;
  }

  media-volume-range {
    width: 6rem;
  }

  media-live-button {
    font-weight: 650;
  }

  /* A pause, wished for or imposed by the browser, has its way out in the middle of the picture. */
  .resume {
    --media-control-background: rgb(6 9 15 / 0.72);
    --media-control-hover-background: rgb(6 9 15 / 0.9);
    --media-control-height: 2.25rem;
    --media-control-padding: 1.125rem;
    border-radius: 50%;
  }

  media-controller:not([mediapaused]) .resume,
  :host(:not([phase="live"])) .resume {
    display: none;
  }

  .sound {
    position: absolute;
    right: clamp(0.75rem, 2.2cqi, 1.75rem);
    /* Pages that put something of their own over the picture's top say how far down it reaches. */
    top: var(--sound-top, clamp(0.75rem, 2.2cqi, 1.75rem));
    display: inline-flex;
    align-items: center;
    gap: 0.55rem;
    min-height: 2.75rem;
    padding: 0 1.1rem 0 0.9rem;
    /* Dark glass with a light edge: it is to be seen on a white picture and on a black one. */
    border: 1px solid rgb(255 255 255 / 0.36);
    border-radius: 1.375rem;
    background: rgb(6 9 15 / 0.82);
    color: #fff;
    font: 650 0.9375rem/1 var(--sans);
    cursor: pointer;
    transition: background var(--quick);
  }

  /* Once read, the word makes way for the picture; the icon goes on offering the same. */
  .sound span {
    max-width: 14rem;
    overflow: hidden;
    line-height: 1.4;
    white-space: nowrap;
    animation: fold var(--calm) 6s forwards;
  }

  .sound:is(:hover, :focus-visible) span {
    animation: none;
  }

  @keyframes fold {
    to {
      max-width: 0;
      margin-inline-start: -0.55rem;
    }
  }

  .sound:hover {
    background: rgb(6 9 15 / 0.96);
  }

  .sound:focus-visible {
    outline: 3px solid var(--accent);
    border-radius: 1.375rem;
  }

  .latency {
    height: 2rem;
    padding: 0 0.5rem;
    border: 0;
    border-radius: var(--round-small);
    background: none;
    color: rgb(255 255 255 / 0.82);
    font: 400 0.875rem/1 var(--sans);
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
    cursor: pointer;
  }

  .theatre {
    display: grid;
    place-items: center;
    width: 2.75rem;
    height: 2.75rem;
    padding: 0;
    border: 0;
    background: none;
    color: #fff;
    cursor: pointer;
  }
  .theatre svg {
    width: 1.5rem;
    height: 1.5rem;
  }
  .theatre:hover {
    background: rgb(255 255 255 / 0.16);
  }
  .theatre:focus-visible {
    outline-color: var(--accent);
  }

  .latency:hover {
    background: rgb(255 255 255 / 0.16);
    color: #fff;
  }

  .bezel {
    position: absolute;
    top: 12%;
    /* The way to sound lies beside it. */
    max-width: calc(100% - 24rem);
    padding: 0.5rem 1rem;
    border-radius: var(--round);
    background: rgb(6 9 15 / 0.82);
    color: #fff;
    font: 600 clamp(0.9375rem, 1.8cqi, 1.5rem) / 1.4 var(--sans);
    pointer-events: none;
  }

  /* media-chrome paints its centre, where the 360° view lies, over its top. */
  .sound,
  eva-stats {
    z-index: 1;
  }

  eva-stats {
    pointer-events: auto;
  }

  :host([bare]) media-controller {
    cursor: pointer;
  }

  @container (max-width: 44rem) {
    .bezel {
      top: var(--sound-top, var(--panel-top, 0.75rem));
      left: 0.75rem;
      max-width: calc(100% - 13rem);
      text-wrap: balance;
    }
    eva-menu.settings {
      --word: none;
    }
    media-volume-range {
      display: none;
    }
  }

  @container (max-width: 30rem) {
    media-pip-button,
    .latency {
      display: none;
    }
    media-control-bar {
      --media-control-padding: 0.5rem;
    }
    media-volume-range {
      display: none;
    }
    media-control-bar {
      padding: 2rem 0.25rem 0.25rem;
    }
    .bezel {
      max-width: calc(100% - 10rem);
      padding: 0.4rem 0.7rem;
      font-size: 0.8125rem;
    }
    .sound {
      gap: 0.4rem;
      min-height: 2.25rem;
      padding: 0 0.7rem 0 0.6rem;
      font-size: 0.8125rem;
    }
  }

  /* A word as long as Spain's leaves the last button its place on a small telephone, and narrower
     players have none for any word. */
  @container (max-width: 24rem) {
    media-control-bar > media-live-button {
      --media-font-size: 0.6875rem;
      --media-control-padding: 0.5rem 0.25rem;
      white-space: nowrap;
      flex: 0 1 auto;
      min-width: 0;
      overflow: hidden;
    }
  }

  @container (max-width: 19.9rem) {
    media-live-button {
      display: none;
    }
  }

  /* In the smallest player, 200 pixels wide, five buttons just have their place. */
  @container (max-width: 16rem) {
    media-control-bar {
      --media-control-padding: 0.375rem;
      --menu-width: 2.5rem;
      --menu-padding: 0.25rem;
      padding: 2rem 0.125rem 0.125rem;
    }
    .bezel {
      max-width: calc(100% - 5rem);
    }
    .sound span {
      animation-delay: 0s;
      animation-duration: 0s;
    }
  }
`;
