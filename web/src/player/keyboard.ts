/** Listens to the keyboard for a player, on the whole page or within the player alone. */

import { recall, remember } from "../ui/memory.ts";
import { type Action, actionOf, type Focus } from "./shortcuts.ts";

const MEMORY = "eva_keys";

/** Within these every key has a meaning of its own. */
const TAKEN =
  'textarea, select, dialog, [role="menu"], [role="toolbar"], [role="slider"], [contenteditable], ' +
  'input:not([type="checkbox"])';

/** These take the space bar. */
const BUTTONS = 'button, a, summary, input, [role="button"]';

/** Single letters count on the whole page. */
export function keysEverywhere(): boolean {
  return recall(MEMORY) !== "player";
}

/** Lets single letters count on the whole page, or in the player only. */
export function setKeysEverywhere(everywhere: boolean): void {
  remember(MEMORY, everywhere ? "page" : "player");
}

/** Where an event has happened, as far as keys are concerned. */
function focusOf(event: KeyboardEvent, player: Element | null): Focus {
  const path = event.composedPath().filter((one) => one instanceof Element);
  if (path.some((one) => one.matches(TAKEN) || /^MEDIA-.*RANGE$/.test(one.nodeName))) {
    return "taken";
  }
  const inPlayer = player !== null && path.includes(player);
  if (path.some((one) => one.matches(BUTTONS) || /^MEDIA-.*BUTTON$/.test(one.nodeName))) {
    return inPlayer ? "player-button" : "button";
  }
  return inPlayer ? "player" : "page";
}

/**
 * Calls `perform` for each key that means something.
 *
 * @returns the way to stop
 */
export function listenToKeys(
  player: () => Element | null,
  perform: (action: Action) => void,
): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented) {
      return;
    }
    const action = actionOf(event, focusOf(event, player()), keysEverywhere());
    if (action !== null) {
      event.preventDefault();
      perform(action);
    }
  };
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}
