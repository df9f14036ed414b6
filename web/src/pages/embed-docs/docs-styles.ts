/** How the documentation reads. */

import { css } from "lit";

/** Rules of `<eva-embed-docs>` and its playground. */
export const docsStyles = css`
  main {
    max-width: min(var(--page), 76rem);
    margin-inline: auto;
    padding: clamp(1rem, 4vw, 3rem) var(--gutter) clamp(3rem, 7vw, 6rem);
  }
  h1 {
    max-width: 18ch;
    font: 650 var(--step-4) / 1.06 var(--display);
    letter-spacing: -0.03em;
    text-wrap: balance;
  }
  h2 {
    margin-bottom: 0.75rem;
    font: 650 var(--step-2) / 1.2 var(--display);
    letter-spacing: -0.015em;
  }
  h3 {
    margin: 0;
    font: 600 var(--step--1) / 1.4 var(--sans);
    color: var(--ink-faint);
  }
  section {
    margin-top: clamp(2.5rem, 5vw, 4rem);
  }
  p {
    max-width: 66ch;
  }
  .lead {
    margin-top: 1rem;
    color: var(--ink-soft);
    font-size: var(--step-1);
  }
  pre {
    margin: 1rem 0;
    padding: 1rem;
    overflow: auto;
    border: 1px solid var(--line);
    border-radius: var(--round);
    background: var(--surface);
    font: 400 0.875rem/1.55 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace;
  }
  code {
    font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace;
    font-size: 0.9375em;
  }
  .table {
    margin-top: 1.25rem;
    overflow-x: auto;
  }
  .table + p {
    margin-top: 1rem;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 0.9375rem;
    text-align: start;
  }
  caption {
    padding-bottom: 0.5rem;
    font-weight: 600;
    text-align: start;
  }
  th,
  td {
    padding: 0.5rem 1rem 0.5rem 0;
    border-top: 1px solid var(--line);
    text-align: start;
    vertical-align: top;
  }
  thead th {
    color: var(--ink-faint);
    font-weight: 600;
  }
  tbody th {
    font-weight: 400;
    white-space: nowrap;
  }

  /* A narrow page has no room for columns: what a name means stands below it. */
  @media (max-width: 40rem) {
    tr {
      display: flex;
      flex-wrap: wrap;
      column-gap: 1rem;
      padding-block: 0.5rem;
      border-top: 1px solid var(--line);
    }
    th,
    td {
      padding: 0;
      border: 0;
    }
    td:last-child {
      flex-basis: 100%;
      overflow-wrap: anywhere;
    }
  }

  .playground {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--gap);
  }
  .try,
  .settings {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    gap: 0.75rem;
    min-width: 0;
  }
  eva-player {
    display: block;
    aspect-ratio: 16 / 9;
    border-radius: var(--round);
    overflow: hidden;
    background: #000;
  }
  .buttons,
  .fields {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    align-items: end;
  }
  .buttons button {
    min-height: 2.25rem;
    padding: 0 0.75rem;
    border: 1px solid var(--line-strong);
    border-radius: var(--round-small);
    background: none;
    font: 400 0.875rem/1 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace;
    cursor: pointer;
  }
  .buttons button:hover {
    background: var(--raised);
  }
  label {
    display: grid;
    gap: 0.25rem;
    min-width: 0;
    max-width: 100%;
    color: var(--ink-soft);
    font-size: 0.875rem;
  }
  label.check {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    min-height: 2.5rem;
  }
  select,
  input[type="text"] {
    width: 100%;
    max-width: 100%;
    min-height: 2.5rem;
    padding: 0 0.5rem;
    border: 1px solid var(--line-strong);
    border-radius: var(--round-small);
    background: var(--surface);
    color: var(--ink);
    font: inherit;
  }
  .settings pre {
    margin: 0;
  }
  .news {
    height: 11rem;
    margin: 0;
    padding: 0.5rem 0.75rem;
    overflow: auto;
    border: 1px solid var(--line);
    border-radius: var(--round);
    list-style: none;
    font-size: 0.8125rem;
    overflow-wrap: anywhere;
  }
  @media (min-width: 60rem) {
    .playground {
      grid-template-columns: minmax(0, 3fr) minmax(0, 2fr);
    }
  }
`;
