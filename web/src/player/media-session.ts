/** Tells the system what is playing, so that its own controls and lock screen can say so. */

/** An artwork's width, pixels. */
const WIDTH = 640;

/** An artwork's JPEG quality, 0 to 1. */
const QUALITY = 0.7;

/** What is told. */
interface NowPlaying {
  title: string;
  /** The camera, as a rule. */
  artist: string;
  /** A still of the broadcast as a data URL, or null. */
  artwork: string | null;
}

/** What the system's controls do. */
interface Controls {
  play(): void;
  pause(): void;
}

/** The picture on screen as a small JPEG in a data URL; null where there is none to take. */
export function stillOf(video: HTMLVideoElement): string | null {
  if (video.videoWidth === 0) {
    return null;
  }
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = Math.round((WIDTH * video.videoHeight) / video.videoWidth);
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", QUALITY);
}

/** A player, as far as the system is concerned. */
interface Played {
  still(): string | null;
  setPlaying(playing: boolean): void;
}

/** Keeps the system told: again whenever another camera, or another title, is on screen. */
export class SystemDisplay {
  #told = "";

  /** Tells what is on screen; a camera that is null has no picture yet. */
  show(title: string, camera: string | null, player: () => Played | null): void {
    const told = JSON.stringify([title, camera]);
    if (camera === null || told === this.#told) {
      return;
    }
    this.#told = told;
    tellSystem(
      { title, artist: camera, artwork: player()?.still() ?? null },
      {
        play: () => player()?.setPlaying(true),
        pause: () => player()?.setPlaying(false),
      },
    );
  }
}

function tellSystem(playing: NowPlaying, controls: Controls): void {
  const session = navigator.mediaSession;
  if (session === undefined) {
    return;
  }
  session.metadata = new MediaMetadata({
    title: playing.title,
    artist: playing.artist,
    album: "EVA Relay",
    artwork: playing.artwork === null ? [] : [{ src: playing.artwork, type: "image/jpeg" }],
  });
  session.setActionHandler("play", () => controls.play());
  session.setActionHandler("pause", () => controls.pause());
}
