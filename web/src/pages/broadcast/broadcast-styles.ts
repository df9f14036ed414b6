/** The grid and the type of a broadcast's page. */

import { css } from "lit";

/** Rules of `<eva-broadcast>`. */
export const broadcastStyles = css`
  main:not(.trouble) {
    display: grid;
    gap: var(--gap);
    max-width: var(--page);
    margin-inline: auto;
    padding: 0 var(--gutter) clamp(3rem, 7vw, 6rem);
    grid-template-areas: "stage" "head" "rail" "body";
  }

  .stage {
    grid-area: stage;
    margin-inline: calc(-1 * var(--gutter));
  }
  eva-player {
    width: 100%;
    max-height: calc(100svh - 7rem);
  }

  .head {
    grid-area: head;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem 1rem;
    color: var(--ink-soft);
  }
  .viewers {
    display: inline-flex;
    align-items: center;
    gap: 0.45rem;
  }
  h1 {
    max-width: 24ch;
    margin-top: 0.75rem;
    font: 650 var(--step-4) / 1.06 var(--display);
    letter-spacing: -0.03em;
    text-wrap: balance;
  }
  .when {
    margin-top: 0.75rem;
    color: var(--ink-soft);
    font-size: var(--step-1);
  }
  .stale {
    color: var(--ink-faint);
  }

  .rail {
    grid-area: rail;
    display: grid;
    align-content: start;
    gap: var(--gap);
  }
  h2 {
    margin-bottom: 0.75rem;
    font: 650 var(--step-1) / 1.3 var(--display);
    letter-spacing: -0.01em;
  }
  .rail h2 {
    margin-bottom: 0.5rem;
  }

  .body {
    grid-area: body;
    display: grid;
    gap: calc(var(--gap) * 1.25);
    padding-top: var(--gap);
    border-top: 1px solid var(--line);
  }
  .about p {
    max-width: 66ch;
    font-size: var(--step-1);
    line-height: 1.65;
  }
  .about p + p {
    margin-top: 1em;
  }
  .tags {
    display: flex;
    flex-wrap: wrap;
    gap: 0.375rem 1rem;
    margin-top: 1.25rem;
    color: var(--ink-faint);
    font-size: 0.875rem;
  }
  .crew li {
    display: grid;
    padding-block: 0.625rem;
    border-top: 1px solid var(--line);
    color: var(--ink-faint);
    font-size: 0.875rem;
  }
  .crew .who {
    color: var(--ink);
    font-size: 1rem;
    font-weight: 600;
  }
  .credits div {
    display: grid;
    padding-block: 0.5rem;
    border-top: 1px solid var(--line);
  }
  .credits dt {
    color: var(--ink-faint);
    font-size: 0.875rem;
  }

  @media (min-width: 44rem) {
    .body {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
    .about {
      grid-column: 1 / -1;
    }
    .rail {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
  }

  @media (min-width: 68rem) {
    main:not(.trouble) {
      grid-template-columns: minmax(0, 1fr) clamp(18rem, 24%, 25rem);
      grid-template-areas: "stage rail" "head rail" "body body";
      grid-template-rows: auto 1fr;
      column-gap: clamp(1.75rem, 3vw, 3.5rem);
    }
    .stage {
      --player-round: var(--round);
      margin-inline: 0;
    }
    .rail {
      grid-template-columns: minmax(0, 1fr);
    }
    .body {
      grid-template-columns: minmax(0, 2fr) minmax(0, 1fr) minmax(0, 1fr);
      column-gap: clamp(2rem, 5vw, 5rem);
    }
    .about {
      grid-column: auto;
    }
  }

  .trouble {
    position: relative;
    display: grid;
    align-items: center;
    min-height: calc(100svh - 4rem);
    padding-bottom: 34svh;
    overflow: hidden;
    color: #fff;
  }
  .trouble eva-limb {
    position: absolute;
    inset: 0;
  }
  .trouble div {
    position: relative;
    width: 100%;
    max-width: var(--page);
    margin-inline: auto;
    padding-inline: var(--gutter);
  }
  .trouble p {
    margin: 0.75rem 0 1.5rem;
    font-size: var(--step-1);
  }
`;
