/** A double click on the picture means full screen; its two clicks mean nothing. */

import { carryOut, type Deck, setPlaying } from "./commands.ts";

/** What is to be done about a click. */
export type Answer =
  /** Whatever it means by itself. */
  | { kind: "pass" }
  | { kind: "swallow" }
  /** Full screen, with the picture as it was before the first click. */
  | { kind: "full"; paused: boolean };

/** Tells double clicks on a picture from others. Pure: it is told all that it needs. */
export class ClickPairs {
  /** The picture stood still before the first click; null where that was not on the picture. */
  #paused: boolean | null = null;

  /**
   * Takes a click.
   *
   * @param count how many there have been in quick succession, from 1; a key's click has 0
   * @param onPicture it is on the picture and on nothing that lies over it
   * @param paused the picture stands still
   */
  take(count: number, onPicture: boolean, paused: boolean): Answer {
    if (count <= 1) {
      this.#paused = onPicture ? paused : null;
      return { kind: "pass" };
    }
    if (this.#paused === null) {
      return { kind: "pass" };
    }
    // The second one may meet a button that the first has brought to where the pointer is.
    return count === 2 ? { kind: "full", paused: this.#paused } : { kind: "swallow" };
  }
}

/** A listener that sees clicks before media-chrome, for which each of them is a pause or its end. */
export class DoubleClick implements EventListenerObject {
  readonly capture = true;
  readonly #deck: () => Deck;
  readonly #pairs = new ClickPairs();

  constructor(deck: () => Deck) {
    this.#deck = deck;
  }

  handleEvent(event: MouseEvent): void {
    const deck = this.#deck();
    const [target] = event.composedPath();
    const onPicture =
      target === deck.controller ||
      target === deck.video ||
      (target instanceof HTMLElement && target.matches(".field, .field canvas"));
    const answer = this.#pairs.take(event.detail, onPicture, deck.video.paused);
    if (answer.kind === "pass") {
      return;
    }
    event.stopPropagation();
    event.preventDefault();
    if (answer.kind === "full") {
      if (deck.video.paused !== answer.paused) {
        setPlaying(deck, !answer.paused);
      }
      carryOut(deck, { kind: "fullscreen" });
    }
  }
}
