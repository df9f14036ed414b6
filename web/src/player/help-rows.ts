/** Which keys there are, for what a player can do. */

import { msg } from "@lit/localize";
import type { Choices } from "./bar.ts";

/** What a player can do beside playing. */
export interface Abilities {
  /** There is another camera to go to. */
  cameras: boolean;
  /** Several cameras can be shown at once. */
  layouts: boolean;
  /** The picture can take the page's whole width. */
  theatre: boolean;
  captions: boolean;
  /** The browser has windows for pictures in pictures. */
  pip: boolean;
  /** There is something to jump to. */
  seek: boolean;
  /** The picture is looked around in. */
  around: boolean;
}

/** What a player can do with these choices. */
export function abilities(
  choices: Choices | null,
  others: Pick<Abilities, "captions" | "seek" | "around">,
): Abilities {
  return {
    ...others,
    cameras: (choices?.cameras.length ?? 0) > 1,
    layouts: choices !== null && choices.layout !== null,
    theatre: typeof choices?.theatre === "boolean",
    pip: document.pictureInPictureEnabled,
  };
}

/** Keys, and what they do. */
export type Row = readonly [keys: readonly string[], what: string];

/** The keys of the player. */
export function playerRows(can: Abilities): Row[] {
  const rows: [boolean, Row][] = [
    [true, [["K", msg("Space")], msg("Play or pause")]],
    [true, [["M"], msg("Sound on or off")]],
    [true, [["↑", "↓"], msg("Louder, quieter")]],
    [true, [["F"], msg("Full screen")]],
    [can.theatre, [["T"], msg("Theatre mode")]],
    [can.pip, [["P"], msg("Picture in picture")]],
    [can.captions, [["C"], msg("Captions")]],
    [can.cameras, [["[", "]"], msg("Previous camera, next camera")]],
    [can.layouts, [["V"], msg("Next layout")]],
    [can.seek, [["J", "L"], msg("Ten seconds back, ten seconds on")]],
    [can.seek, [["←", "→"], msg("Five seconds back, five seconds on")]],
    [can.seek, [["0", "–", "9"], msg("Jump to a tenth of the recording")]],
    [true, [["I"], msg("Statistics")]],
    [true, [["?"], msg("This list")]],
  ];
  return rows.filter(([able]) => able).map(([, row]) => row);
}

/** The keys of a 360° picture, while it has the focus. */
export function sphereRows(): Row[] {
  return [
    [["←", "→", "↑", "↓"], msg("Look around")],
    [["+", "−"], msg("Zoom in, zoom out")],
    [[msg("Home")], msg("Look ahead")],
  ];
}
