/** How the embedded player looks, from 200×200 pixels up. */

import { css } from "lit";

/** Rules of `<eva-embed>`. */
export const embedStyles = css`
  :host {
    height: 100%;
    color-scheme: dark;
    container-type: size;
  }
  main {
    position: relative;
    height: 100%;
    overflow: hidden;
    color: #fff;
  }
  eva-player {
    width: 100%;
    height: 100%;
    aspect-ratio: auto;
    --panel-top: 5.25rem;
    --sphere-top: 5.25rem;
  }
  eva-player[bare] {
    --panel-top: initial;
    --sphere-top: initial;
  }

  header {
    position: absolute;
    inset: 0 0 auto;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.25rem 1rem;
    padding: 0.5rem 9.5rem 2.5rem 0.75rem;
    /* Dark enough for words on a white picture as far down as these reach. */
    background: linear-gradient(
      to bottom,
      rgb(0 0 0 / 0.8),
      rgb(0 0 0 / 0.64) calc(100% - 2.5rem),
      transparent
    );
    pointer-events: none;
    transition: opacity var(--calm);
  }
  .resting header:not(:focus-within) {
    opacity: 0;
  }
  header a,
  header button {
    pointer-events: auto;
  }
  header a {
    display: inline-flex;
    align-items: center;
    gap: 0.5rem;
    min-width: 0;
    color: #fff;
    text-decoration: none;
  }
  header a:hover h1 {
    text-decoration: underline;
  }
  header h1 {
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 1;
    overflow: hidden;
    font: 650 1rem/1.3 var(--display);
  }
  header svg {
    flex: none;
  }
  .facts {
    display: flex;
    align-items: center;
    gap: 0.75rem;
    font-size: 0.875rem;
  }
  .viewers {
    display: inline-flex;
    align-items: center;
    gap: 0.35rem;
  }
  header button {
    display: inline-flex;
    align-items: center;
    gap: 0.35rem;
    min-height: 2rem;
    padding: 0 0.6rem;
    border: 0;
    border-radius: 1rem;
    background: rgb(6 9 15 / 0.72);
    color: #fff;
    font-weight: 600;
    cursor: pointer;
  }
  header button:hover {
    background: rgb(6 9 15 / 0.9);
  }
  header button svg {
    color: var(--star);
    fill: currentColor;
  }

  /* Who votes goes on seeing what the vote is about, and the stars stay where they are when questions
     follow them. */
  eva-dialog {
    --dialog-top: clamp(0.375rem, 8svh, 5rem);
    --dialog-width: 24rem;
    --dialog-veil: rgb(2 5 11 / 0.35);
  }

  .empty eva-limb {
    position: absolute;
    inset: 0;
  }
  .empty div {
    position: absolute;
    inset: auto 0 0;
    padding: clamp(1rem, 6cqi, 3rem);
  }
  .empty h1 {
    font: 650 clamp(1.25rem, 5cqi, 2.5rem) / 1.15 var(--display);
    letter-spacing: -0.02em;
  }
  .empty p {
    margin-top: 0.5rem;
    color: rgb(255 255 255 / 0.86);
  }

  @container (max-width: 28rem) {
    eva-player {
      --sound-top: 3rem;
      --sphere-top: 3rem;
    }
    header {
      padding-inline-end: 0.75rem;
      gap: 0.25rem 0.5rem;
    }
    header h1 {
      position: absolute;
      width: 1px;
      height: 1px;
      clip-path: inset(50%);
    }
    .viewers {
      display: none;
    }
  }

  /* In a low frame the words that stand in a picture's place need all there is. */
  @container (max-height: 15rem) {
    .wordy header:not(:focus-within) {
      opacity: 0;
    }
  }

  /* Two rows would reach beneath the way to sound. The star says enough, and has its name. */
  @container (max-width: 16rem) {
    header {
      flex-wrap: nowrap;
      padding-inline: 0.5rem;
    }
    .facts {
      gap: 0.5rem;
    }
    .rate {
      display: none;
    }
  }
`;
