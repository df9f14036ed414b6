/** How comments look. */

import { css } from "lit";

/** Rules of `<eva-comments>`. */
export const commentsStyles = css`
  :host {
    container-type: inline-size;
  }
  h2 {
    margin-bottom: 1rem;
    font: 650 var(--step-2) / 1.2 var(--display);
    letter-spacing: -0.015em;
  }
  /* Over both columns of a wide page the form stays in sight beside what is read. */
  @container (min-width: 62rem) {
    section {
      display: grid;
      grid-template-columns: minmax(0, 1fr) var(--rail);
      grid-template-rows: auto auto auto 1fr;
      column-gap: var(--column-gap);
    }
    section > * {
      grid-column: 1;
    }
    .composer {
      position: sticky;
      top: 1.5rem;
      grid-column: 2;
      grid-row: 1 / span 5;
      align-self: start;
    }
    h2 {
      margin-bottom: 0;
    }
  }
  /* It takes the focus of what has gone, and is no control. */
  h2:focus {
    outline: none;
  }
  .note,
  .empty {
    margin-bottom: 0.75rem;
    color: var(--ink-soft);
  }
  .trouble,
  .empty {
    margin-top: 0.75rem;
  }
  .thread {
    display: grid;
    margin-top: 1rem;
  }
  .thread > li {
    padding-block: 1rem;
    border-top: 1px solid var(--line);
  }
  .replies {
    display: grid;
    gap: 1rem;
    margin-top: 0.75rem;
    padding-inline-start: clamp(1rem, 3vw, 2rem);
    border-inline-start: 2px solid var(--line);
  }
  .more {
    min-height: 2.75rem;
    padding: 0 1.25rem;
    border: 1px solid var(--line-strong);
    border-radius: var(--round-small);
    background: none;
    font-weight: 600;
    cursor: pointer;
  }
  .more:hover {
    background: var(--raised);
  }
`;

/** Rules of `<eva-comment>`. */
export const commentStyles = css`
  header {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.15rem 0.7rem;
    color: var(--ink-faint);
    font-size: 0.875rem;
  }
  .name {
    overflow-wrap: anywhere;
    color: var(--ink);
    font-size: 1rem;
    font-weight: 650;
  }
  .chip {
    padding: 0.05rem 0.5rem;
    border-radius: var(--round-small);
    background: var(--raised);
    color: var(--ink-soft);
  }
  .desk {
    display: inline-flex;
    align-items: center;
    gap: 0.3rem;
    padding: 0.05rem 0.5rem 0.05rem 0.35rem;
    border-radius: var(--round-small);
    background: var(--accent);
    color: var(--on-accent);
    font-weight: 650;
  }
  .pinned,
  .held {
    display: inline-flex;
    align-items: center;
    gap: 0.3rem;
    color: var(--accent);
    font-weight: 600;
  }
  .text {
    max-width: 68ch;
    margin-top: 0.25rem;
    overflow-wrap: anywhere;
    white-space: pre-line;
  }
  form {
    margin-top: 0.5rem;
  }
  .acts {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.25rem;
    margin: 0.25rem 0 0 -0.5rem;
  }
  form .acts {
    margin-inline-start: 0;
  }
  .acts button:not(.send) {
    min-height: 2rem;
    padding: 0 0.5rem;
    border: 0;
    border-radius: var(--round-small);
    background: none;
    color: var(--ink-faint);
    font-size: 0.875rem;
    font-weight: 600;
    cursor: pointer;
  }
  .acts button:not(.send):hover {
    background: var(--raised);
    color: var(--ink);
  }
  .done {
    padding-inline: 0.5rem;
    color: var(--ink-faint);
    font-size: 0.875rem;
  }
`;
