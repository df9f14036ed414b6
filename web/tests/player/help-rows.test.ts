import { expect, it } from "vitest";
import { type Abilities, playerRows } from "../../src/player/help-rows.ts";
import { actionOf } from "../../src/player/shortcuts.ts";

const NOTHING: Abilities = {
  cameras: false,
  layouts: false,
  theatre: false,
  captions: false,
  pip: false,
  seek: false,
  around: false,
};

const ARROWS: Readonly<Record<string, string>> = {
  "←": "ArrowLeft",
  "→": "ArrowRight",
  "↑": "ArrowUp",
  "↓": "ArrowDown",
  Space: " ",
};

/** What the listed keys do; a key that does nothing is told as null. */
function kindsOf(can: Abilities): Set<string | null> {
  const keys = playerRows(can).flatMap(([keys]) => keys.filter((key) => key !== "–"));
  return new Set(
    keys.map((key) => {
      const press = { key: ARROWS[key] ?? key, ctrlKey: false, altKey: false, metaKey: false };
      return actionOf(press, "player", true)?.kind ?? null;
    }),
  );
}

const ALWAYS = ["fullscreen", "help", "mute", "play", "stats", "volume"];

it.each([
  ["cameras", ["camera"]],
  ["layouts", ["layout"]],
  ["theatre", ["theatre"]],
  ["captions", ["captions"]],
  ["pip", ["pip"]],
  ["seek", ["seek", "seek-to"]],
] as const)("lists keys for %s where the player has them, and only there", (ability, kinds) => {
  expect([...kindsOf(NOTHING)].sort()).toEqual(ALWAYS);
  expect([...kindsOf({ ...NOTHING, [ability]: true })].sort()).toEqual(
    [...ALWAYS, ...kinds].sort(),
  );
});
