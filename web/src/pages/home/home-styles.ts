/** The front page's grid and type. */

import { css } from "lit";
import { overSky } from "../../ui/shared-styles.ts";

/** Rules of `<eva-home>`. */
export const homeStyles = css`
  .hero {
    position: relative;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-items: end;
    min-height: clamp(30rem, 86svh, 72rem);
    overflow: hidden;
    background: #02050b;
    color: #fff;
    color-scheme: dark;
  }
  .hero :is(eva-limb, eva-still) {
    position: absolute;
    inset: 0;
  }
  .hero:last-child {
    min-height: 100svh;
  }
  /* No star shall stand between letters. */
  .hero::before {
    content: "";
    position: absolute;
    inset: 0 0 26%;
    z-index: 1;
    background: linear-gradient(100deg, #02050b 25%, transparent 62%);
    mask-image: linear-gradient(#000 70%, transparent);
  }
  /* The picture stands to the right, no larger than a still is sharp, and fades into the sky. */
  .hero eva-still {
    left: auto;
    width: min(100%, 78rem);
    mask-image: linear-gradient(to right, transparent, #000 40%);
  }
  .pictured eva-limb {
    display: none;
  }
  /* Over a picture, which may be white, the words need their own dark, left and below. */
  .pictured::before {
    inset: 0;
    background:
      linear-gradient(to bottom, rgb(2 5 11 / 0.78), transparent 9rem),
      linear-gradient(100deg, rgb(2 5 11 / 0.86) 20%, rgb(2 5 11 / 0.5) 50%, transparent 72%),
      linear-gradient(to top, rgb(2 5 11 / 0.92), transparent 70%);
    mask-image: none;
  }
  .pictured .pitch {
    padding-bottom: clamp(2.5rem, 6svh, 5rem);
  }
  /* On a phone the picture stands above the words, whole. */
  @media (max-width: 44rem) and (orientation: portrait) {
    .hero eva-still {
      inset: 0 0 auto;
      width: 100%;
      aspect-ratio: 16 / 9;
      mask-image: linear-gradient(#000 75%, transparent);
    }
    .pictured::before {
      inset: 0 0 auto;
      height: 5rem;
      background: linear-gradient(rgb(2 5 11 / 0.78), transparent);
    }
    .hero.pictured {
      min-height: 0;
    }
    .pictured .pitch {
      padding-top: calc(56.25vw + 0.75rem);
    }
  }
  eva-topbar {
    ${overSky}
  }
  .pitch {
    position: relative;
    z-index: 2;
    width: 100%;
    max-width: var(--page);
    margin-inline: auto;
    /* The words stand in the sky; what is below them belongs to the Earth. */
    padding: 5.5rem var(--gutter) clamp(7.5rem, 24svh, 20rem);
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem 1rem;
    color: rgb(255 255 255 / 0.86);
  }
  .viewers,
  .stars {
    display: inline-flex;
    align-items: center;
    gap: 0.45rem;
  }
  .stars svg {
    color: var(--star);
    fill: currentColor;
  }
  h1 {
    max-width: 22ch;
    margin-top: 1rem;
    font: 650 clamp(2.125rem, 1.3rem + 3.4vw, 4.25rem) / 1.05 var(--display);
    letter-spacing: -0.03em;
    text-wrap: balance;
  }
  .lead {
    max-width: 58ch;
    margin-top: 1rem;
    color: rgb(255 255 255 / 0.86);
    font-size: var(--step-1);
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
    overflow: hidden;
  }
  .act {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    gap: 1.25rem 2.5rem;
    margin-top: 1.75rem;
  }
  .go {
    display: inline-flex;
    align-items: center;
    gap: 0.75rem;
    min-height: 3.25rem;
    padding: 0 1.5rem;
    border-radius: var(--round-small);
    background: var(--accent);
    color: var(--on-accent);
    font-weight: 650;
    text-decoration: none;
    transition: background var(--quick);
  }
  .go:hover {
    background: var(--accent-strong);
  }
  .go:focus-visible {
    outline-color: #fff;
  }
  eva-mission-clock {
    --clock-size: var(--step-2);
  }

  .more {
    max-width: var(--page);
    margin-inline: auto;
    padding: clamp(2.5rem, 5vw, 5rem) var(--gutter) clamp(3rem, 7vw, 6rem);
  }
  h2 {
    margin-bottom: 1.5rem;
    font: 650 var(--step-3) / 1.15 var(--display);
    letter-spacing: -0.02em;
  }
  .cards {
    display: grid;
    gap: clamp(2rem, 3.5vw, 3.25rem) var(--gap);
    grid-template-columns: repeat(auto-fill, minmax(min(100%, max(18rem, 22%)), 1fr));
  }
`;
