/** A picture's captions stand outside of the player, where a page can put them. */

/** Puts the tracks in a slot into the picture, in place of those it has; true if there are any. */
export function takeCaptions(video: HTMLVideoElement, slot: EventTarget | null): boolean {
  const given = slot instanceof HTMLSlotElement ? slot.assignedElements() : [];
  for (const former of video.querySelectorAll("track")) {
    former.remove();
  }
  video.append(...given.map((one) => one.cloneNode(true)));
  return given.length > 0;
}
