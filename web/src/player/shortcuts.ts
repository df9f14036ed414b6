/** What a key means. Pure. */

/** What a viewer can ask of a player. */
export type Action =
  | { kind: "play" | "mute" | "fullscreen" | "captions" | "pip" | "stats" | "help" }
  | { kind: "layout" | "theatre" }
  /** Seconds, backwards if negative. */
  | { kind: "seek"; by: number }
  /** A tenth of what there is, 0 to 9. */
  | { kind: "seek-to"; tenth: number }
  /** A share of full volume. */
  | { kind: "volume"; by: number }
  /** So many cameras on. */
  | { kind: "camera"; by: number };

/** A key, and where it was pressed. */
export interface Press {
  key: string;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

/** Where the focus was. */
export type Focus =
  /** Text is being written, or a list is being chosen from: every key belongs there. */
  | "taken"
  /** In the player, on something that does not need the arrows or the space bar itself. */
  | "player"
  /** On a button or link, which needs the space bar. */
  | "button"
  /** On a button or slider of the player, where the arrows may be needed. */
  | "player-button"
  /** Anywhere else on the page. */
  | "page";

const LETTERS: Readonly<Record<string, Action>> = {
  k: { kind: "play" },
  m: { kind: "mute" },
  f: { kind: "fullscreen" },
  c: { kind: "captions" },
  p: { kind: "pip" },
  i: { kind: "stats" },
  v: { kind: "layout" },
  t: { kind: "theatre" },
  "?": { kind: "help" },
  j: { kind: "seek", by: -10 },
  l: { kind: "seek", by: 10 },
  "[": { kind: "camera", by: -1 },
  "]": { kind: "camera", by: 1 },
};

const ARROWS: Readonly<Record<string, Action>> = {
  ArrowLeft: { kind: "seek", by: -5 },
  ArrowRight: { kind: "seek", by: 5 },
  ArrowUp: { kind: "volume", by: 0.1 },
  ArrowDown: { kind: "volume", by: -0.1 },
};

/** It concerns one player alone, and not the cameras around it or the page. */
export function isPlayers({ kind }: Action): boolean {
  return kind !== "camera" && kind !== "layout" && kind !== "theatre";
}

/**
 * The action behind a key, or null where it has none here.
 *
 * @param everywhere letters count on the whole page; otherwise only while the player has the focus
 *   (WCAG 2.2, 2.1.4: there must be a way to turn single-letter shortcuts off)
 */
export function actionOf(press: Press, focus: Focus, everywhere: boolean): Action | null {
  if (focus === "taken" || press.metaKey || isChord(press)) {
    return null;
  }
  if (press.key === " ") {
    return focus === "player" || (focus === "page" && everywhere) ? { kind: "play" } : null;
  }
  const arrow = ARROWS[press.key];
  if (arrow !== undefined) {
    return focus === "player" ? arrow : null; // Elsewhere the arrows scroll the page.
  }
  const heard = everywhere || focus === "player" || focus === "player-button";
  return heard ? characterAction(press.key) : null;
}

/**
 * Control and Alt make another key of a key, except where they are how a keyboard writes it: brackets
 * are AltGr, which browsers tell as both at once, or Alt, on most keyboards of Europe.
 */
function isChord({ key, ctrlKey, altKey }: Press): boolean {
  return key === "[" || key === "]" ? ctrlKey && !altKey : ctrlKey || altKey;
}

function characterAction(key: string): Action | null {
  return /^[0-9]$/.test(key)
    ? { kind: "seek-to", tenth: Number(key) }
    : (LETTERS[key.toLowerCase()] ?? null);
}
