/** How a broadcast's card looks: its art, and a link that covers all of it. */

import { css } from "lit";

/** Rules for cards; the card itself is positioned. */
export const cardStyles = css`
  .art {
    position: relative;
    aspect-ratio: 16 / 9;
    overflow: hidden;
    border-radius: var(--round);
  }
  eva-limb {
    position: absolute;
    inset: 0;
    transition: transform 600ms cubic-bezier(0.2, 0.7, 0.2, 1);
  }
  .still {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    object-fit: cover;
  }
  a {
    text-decoration: none;
  }
  a::after {
    content: "";
    position: absolute;
    inset: 0;
    border-radius: var(--round);
  }
  a:focus-visible {
    outline: none;
  }
  a:focus-visible::after {
    outline: 2px solid var(--accent);
    outline-offset: 4px;
  }
  .stars svg {
    color: var(--star);
    fill: currentColor;
  }
  @media (prefers-reduced-motion: reduce) {
    eva-limb {
      transition: none;
    }
  }
`;
