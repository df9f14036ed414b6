/** The grid and the type of a broadcast's page. */

import { css } from "lit";
import { overSky } from "../../ui/shared-styles.ts";

/** Rules of `<eva-broadcast>`. */
export const broadcastStyles = css`
  main:not(.trouble) {
    display: flex;
    flex-direction: column;
    gap: calc(var(--gap) * 1.25);
    max-width: var(--page);
    margin-inline: auto;
    padding: 0 var(--gutter) clamp(3rem, 6vw, 5rem);
  }

  .stage {
    margin-inline: calc(-1 * var(--gutter));
    background: #000;
  }
  eva-stage {
    --player-max: calc(100svh - 7rem);
  }
  .stage + .head {
    margin-top: calc(var(--gap) * -0.5);
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
    max-width: 44ch;
    margin-top: 0.625rem;
    font: 650 var(--step-3) / 1.15 var(--display);
    letter-spacing: -0.02em;
    text-wrap: balance;
  }
  .when {
    margin-top: 0.375rem;
    color: var(--ink-soft);
  }
  .stale {
    color: var(--ink-faint);
  }
  eva-now {
    margin-top: 1.25rem;
  }

  .rail,
  .aside,
  .story {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    gap: calc(var(--gap) * 1.25) var(--gap);
  }
  /* What stands on the rail beneath the rest of it. */
  .rail .aside {
    display: contents;
  }
  h2 {
    margin-bottom: 0.5rem;
    font: 650 var(--step-1) / 1.3 var(--display);
    letter-spacing: -0.01em;
  }

  .tools {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem;
    margin-top: 1rem;
  }
  .links li {
    min-width: 0;
  }
  .share,
  .links a {
    display: inline-flex;
    align-items: center;
    gap: 0.5rem;
    max-width: 100%;
    min-height: 2.5rem;
    padding: 0.25rem 1rem;
    overflow-wrap: anywhere;
    border: 1px solid var(--line);
    border-radius: 1.25rem;
    background: var(--surface);
    color: var(--ink);
    font-size: 0.9375rem;
    font-weight: 600;
    text-decoration: none;
    cursor: pointer;
  }
  .share:hover,
  .links a:hover {
    background: var(--raised);
  }
  .links {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    min-width: 0;
  }
  .shared {
    max-width: 66ch;
    margin-top: 0.75rem;
    padding: 0.625rem 1rem;
    border-inline-start: 3px solid var(--accent);
    background: var(--raised);
    font-size: 0.9375rem;
  }
  .heading {
    display: flex;
    align-items: center;
    justify-content: space-between;
    margin-bottom: 0.5rem;
  }
  .heading h2 {
    margin: 0;
  }
  .layouts {
    display: flex;
  }
  .layouts button {
    display: grid;
    place-items: center;
    width: 2.25rem;
    height: 2.25rem;
    border: 0;
    border-radius: var(--round-small);
    background: none;
    color: var(--ink-faint);
    cursor: pointer;
  }
  .layouts button:hover {
    background: var(--raised);
    color: var(--ink);
  }
  .layouts button[aria-pressed="true"] {
    background: var(--raised);
    color: var(--accent);
  }

  eva-comments {
    padding-top: calc(var(--gap) * 1.25);
    border-top: 1px solid var(--line);
  }
  :is(.aside, .story):not(:has(section, ul, eva-curve)) {
    display: none;
  }
  eva-comments:not(:defined) {
    display: block;
    min-height: 20rem;
  }
  .about :is(p, ul, ol, blockquote) {
    max-width: 66ch;
    line-height: 1.65;
  }
  .about .text > p {
    font-size: var(--step-1);
  }
  .about :is(.text > * + *, .tags) {
    margin-top: 1em;
  }
  .about :is(h3, h4) {
    font: 650 var(--step-1) / 1.3 var(--display);
  }
  .about :is(ul:not(.tags), ol) {
    padding-inline-start: 1.4em;
    list-style: revert;
  }
  .about blockquote {
    margin-inline: 0;
    padding-inline-start: 1rem;
    border-inline-start: 3px solid var(--line-strong);
    color: var(--ink-soft);
  }
  .about hr {
    border: 0;
    border-top: 1px solid var(--line);
  }
  .about a,
  .credits a {
    color: var(--accent);
  }
  .about code {
    padding: 0.1em 0.35em;
    border-radius: var(--round-small);
    background: var(--raised);
    font-size: 0.9em;
  }
  .tags {
    display: flex;
    flex-wrap: wrap;
    gap: 0.375rem 1rem;
    color: var(--ink-faint);
    font-size: 0.875rem;
  }
  .tags li {
    min-width: 0;
  }
  .crew li {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
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
    grid-template-columns: minmax(0, 1fr);
    padding-block: 0.5rem;
    border-top: 1px solid var(--line);
  }
  .credits dt,
  .credits .detail {
    color: var(--ink-faint);
    font-size: 0.875rem;
  }
  .credits .detail {
    display: block;
  }

  @media (forced-colors: active) {
    .layouts button[aria-pressed="true"] {
      border: 3px solid Highlight;
      color: Highlight;
    }
  }

  /* A telephone's picture stays while its viewer reads on. Several pictures would leave no page. */
  @media (max-width: 67.99rem) and (orientation: portrait) {
    .stage:not(.side, .grid) {
      position: sticky;
      top: 0;
      z-index: 2;
    }
  }

  @media (min-width: 44rem) {
    .aside,
    .rail {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
  }

  @media (min-width: 68rem) {
    main:not(.trouble) {
      display: grid;
      grid-template-columns: minmax(0, 1fr) var(--rail);
      grid-template-areas:
        "stage rail"
        "head rail"
        "story rail"
        "comments comments"
        "similar similar";
      /* Whichever column is the longer one, the other's spare height falls to the last of its rows. */
      grid-template-rows: auto auto 1fr;
      gap: calc(var(--gap) * 1.25) var(--column-gap);
    }
    /* Beside a low picture, and below a wide one, the rail is longer than the story: comments fill what
       would be a hole. */
    main:is(.theatre, .low):not(.trouble) {
      grid-template-areas:
        "stage rail"
        "head rail"
        "story rail"
        "comments rail"
        "similar similar";
      grid-template-rows: auto auto auto 1fr;
    }
    main.theatre:not(.trouble) {
      grid-template-areas:
        "stage stage"
        "head rail"
        "story rail"
        "comments rail"
        "similar similar";
    }
    .stage {
      --player-round: var(--round);
      grid-area: stage;
      margin-inline: 0;
      border-radius: var(--round);
    }
    main.theatre .stage {
      --player-round: 0;
      margin-inline: calc(-1 * var(--gutter));
      border-radius: 0;
    }
    .head {
      grid-area: head;
      display: grid;
      grid-template-columns: minmax(0, 1fr) auto;
      column-gap: 1.5rem;
    }
    .head > * {
      grid-column: 1 / -1;
    }
    .head .facts {
      grid-column: 1;
      grid-row: 1;
    }
    .head .tools {
      grid-column: 2;
      grid-row: 1;
      justify-content: end;
      margin-top: 0;
    }
    .rail {
      grid-area: rail;
      grid-template-columns: minmax(0, 1fr);
    }
    .story {
      grid-area: story;
    }
    eva-comments {
      grid-area: comments;
    }
    eva-similar {
      grid-area: similar;
    }
  }

  .trouble {
    position: relative;
    display: grid;
    align-items: center;
    min-height: 100svh;
    padding: 4rem 0 34svh;
    overflow: hidden;
    color: #fff;
  }
  eva-topbar:has(+ .trouble) {
    ${overSky}
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
