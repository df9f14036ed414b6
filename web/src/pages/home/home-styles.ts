/** The front page's grid and type. */

import { css } from "lit";

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
  .hero eva-limb {
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
  eva-topbar {
    position: absolute;
    inset: 0 0 auto;
    /* Above the words, whose box reaches up to it in a low window. */
    z-index: 3;
    color: #fff;
    color-scheme: dark;
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
    color: var(--accent);
    fill: currentColor;
  }
  h1 {
    max-width: 18ch;
    margin-top: 1rem;
    font: 650 clamp(2.25rem, 1.2rem + 4.6vw, 5.25rem) / 1.02 var(--display);
    letter-spacing: -0.035em;
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
    --clock-size: var(--step-3);
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
