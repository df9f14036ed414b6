/** Tells the system what is playing, so that its own controls and lock screen can say so. */

/** What is told. */
export interface NowPlaying {
  title: string;
  /** The camera, as a rule. */
  artist: string;
  /** A still of the broadcast, or null. */
  artwork: string | null;
}

/** What the system's controls do. */
export interface Controls {
  play(): void;
  pause(): void;
}

/** Tells what is playing; calling it again replaces what was told. */
export function tellSystem(playing: NowPlaying, controls: Controls): void {
  const session = navigator.mediaSession;
  if (session === undefined) {
    return;
  }
  session.metadata = new MediaMetadata({
    title: playing.title,
    artist: playing.artist,
    album: "EVA Relay",
    artwork:
      playing.artwork === null
        ? []
        : [{ src: playing.artwork, sizes: "640x360", type: "image/jpeg" }],
  });
  session.setActionHandler("play", () => controls.play());
  session.setActionHandler("pause", () => controls.pause());
}
