/** What a choice in one of the player's menus means. */

import type { Chosen } from "../ui/menu.ts";
import type { EvaPlayer } from "./player.ts";
import { isLayout, wish } from "./wishes.ts";

/** Follows a choice: sends a wish up the page, or carries it out in the player. */
export function follow(player: EvaPlayer, { group, value }: Chosen, toggleFlat: () => void): void {
  if (group === "camera") {
    wish(player, "eva-camera", { id: value });
  } else if (group === "quality") {
    wish(player, "eva-quality", { rendition: value === "" ? null : value });
  } else if (group === "layout" && isLayout(value)) {
    wish(player, "eva-layout", { layout: value });
  } else if (value === "flat") {
    toggleFlat();
  } else if (value === "stats" || value === "help" || value === "captions") {
    player.perform({ kind: value });
  }
}
