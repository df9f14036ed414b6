/** Carries out what a viewer asks of a player, and says in a word what came of it. */

import { msg, str } from "@lit/localize";
import { formatPercent } from "../ui/format.ts";
import { locale } from "../ui/locale.ts";
import type { Action } from "./shortcuts.ts";

/** What the commands work on. */
export interface Deck {
  /** media-chrome's controller, which takes the requests. */
  controller: HTMLElement;
  video: HTMLVideoElement;
}

/** Asks media-chrome for something. */
export function ask(deck: Deck, request: string, detail?: unknown): void {
  const options = { bubbles: true, composed: true, detail };
  deck.controller.dispatchEvent(new CustomEvent(request, options));
}

/** Plays, or stops playing. */
export function setPlaying(deck: Deck, playing: boolean): void {
  ask(deck, playing ? "mediaplayrequest" : "mediapauserequest");
}

/** Turns the sound off or on; sound that is asked for can be heard. */
export function setMuted(deck: Deck, muted: boolean): void {
  ask(deck, muted ? "mediamuterequest" : "mediaunmuterequest");
}

/**
 * Carries out what concerns the media.
 *
 * @returns a word for the viewer, or null where the picture speaks for itself
 */
export function carryOut(deck: Deck, action: Action): string | null {
  const { controller, video } = deck;
  switch (action.kind) {
    case "play": {
      const playing = video.paused;
      setPlaying(deck, playing);
      return playing ? msg("Play") : msg("Pause");
    }
    case "mute": {
      const muted = !video.muted;
      setMuted(deck, muted);
      return muted ? msg("Sound off") : msg("Sound on");
    }
    case "fullscreen": {
      const full = controller.hasAttribute("mediaisfullscreen");
      ask(deck, full ? "mediaexitfullscreenrequest" : "mediaenterfullscreenrequest");
      return null;
    }
    case "pip": {
      const small = controller.hasAttribute("mediaispip");
      ask(deck, small ? "mediaexitpiprequest" : "mediaenterpiprequest");
      return null;
    }
    case "volume":
      return changeVolume(deck, action.by);
    case "captions":
      return toggleCaptions(video);
    case "seek":
      return seek(video, (_start, end, now) => Math.min(end, now + action.by));
    case "seek-to":
      return seek(video, (start, end) => start + ((end - start) * action.tenth) / 10);
    default:
      return null;
  }
}

function changeVolume(deck: Deck, by: number): string {
  const { video } = deck;
  const volume = Math.min(1, Math.max(0, Math.round((video.volume + by) * 10) / 10));
  ask(deck, "mediavolumerequest", volume);
  if (by > 0 && video.muted) {
    setMuted(deck, false);
  }
  return msg(str`Volume ${formatPercent(volume, locale())}`);
}

function toggleCaptions(video: HTMLVideoElement): string {
  const tracks = [...video.textTracks].filter((one) => one.kind !== "metadata");
  const [first] = tracks;
  if (first === undefined) {
    return msg("This broadcast has no captions");
  }
  const showing = tracks.some((one) => one.mode === "showing");
  for (const track of tracks) {
    track.mode = "disabled";
  }
  first.mode = showing ? "disabled" : "showing";
  return showing ? msg("Captions off") : msg("Captions on");
}

/** There is more than the present moment. */
export function canSeek({ seekable }: HTMLVideoElement): boolean {
  const last = seekable.length - 1;
  const end = last < 0 ? Number.NaN : seekable.end(last);
  return Number.isFinite(end) && end - seekable.start(0) >= 1;
}

function seek(
  video: HTMLVideoElement,
  to: (start: number, end: number, now: number) => number,
): string | null {
  if (!canSeek(video)) {
    return msg("This is live: there is nothing to jump to");
  }
  const { seekable } = video;
  const [start, end] = [seekable.start(0), seekable.end(seekable.length - 1)];
  video.currentTime = Math.max(start, to(start, end, video.currentTime));
  return null;
}
