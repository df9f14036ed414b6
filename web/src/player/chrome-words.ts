/** media-chrome's own buttons, in the page's language and in its words. */

import { msg } from "@lit/localize";
import { En } from "media-chrome/lang/en";
import { addTranslation, setLanguage } from "media-chrome/utils/i18n";

/** Lets media-chrome speak as the page does; what is made from now on has the words. */
export function speakChrome(language: string): void {
  addTranslation(language, { ...En, ...words() } as typeof En);
  setLanguage(language);
}

function words(): Partial<Record<keyof typeof En, string>> {
  return {
    ...both("Play", "play", msg("Play")),
    ...both("Pause", "pause", msg("Pause")),
    ...both("Mute", "mute", msg("Mute")),
    ...both("Unmute", "unmute", msg("Unmute")),
    ...both("Enter fullscreen mode", "enter fullscreen mode", msg("Enter full screen")),
    ...both("Exit fullscreen mode", "exit fullscreen mode", msg("Leave full screen")),
    ...both(
      "Enter picture in picture mode",
      "enter picture in picture mode",
      msg("Enter picture in picture"),
    ),
    ...both(
      "Exit picture in picture mode",
      "exit picture in picture mode",
      msg("Leave picture in picture"),
    ),
    volume: msg("Volume"),
    live: msg("Live"),
    "seek to live": msg("Back to live"),
    "playing live": msg("Playing live"),
  };
}

/** A tooltip and a label say the same. */
function both<Tip extends string, Label extends string>(
  tip: Tip,
  label: Label,
  word: string,
): Partial<Record<Tip | Label, string>> {
  return { [tip]: word, [label]: word } as Partial<Record<Tip | Label, string>>;
}
