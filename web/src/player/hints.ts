/** How much of a picture is of use to the viewer: the relay sends no more. */

/** What the relay is told. */
export interface Hints {
  /** The height at which the picture is shown, physical pixels; null: all there is. */
  readonly height: number | null;
  /** Nobody sees it: sound is enough. */
  readonly hidden: boolean;
  /** The viewer pays for bytes. */
  readonly dataSaver: boolean;
}

/** Before anything is known. */
export const NO_HINTS: Hints = { height: null, hidden: false, dataSaver: false };

/** Sizes are told in steps of so many pixels, so that a window that is dragged tells few. */
const STEP = 60;

/** How long a change has to last before it is told, milliseconds. */
const PAUSE_MS = 300;

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * The picture's shorter side on screen, physical pixels, where it fills its box as far as it fits;
 * rungs are named by that side.
 *
 * @param box the element's size, CSS pixels
 * @param picture the picture's own size; 0 × 0 before it is known
 */
export function shownHeight(box: Size, picture: Size, pixelRatio: number): number | null {
  if (box.width <= 0 || box.height <= 0) {
    return null;
  }
  const known = picture.width > 0 && picture.height > 0;
  const { width, height } = known ? picture : { width: 16, height: 9 };
  const scale = Math.min(box.width / width, box.height / height);
  const pixels = Math.min(width, height) * scale * pixelRatio;
  return Math.min(Math.ceil(pixels / STEP) * STEP, 16_320);
}

function savesData(): boolean {
  const connection: unknown = Reflect.get(navigator, "connection");
  return typeof connection === "object" && connection !== null
    ? Reflect.get(connection, "saveData") === true
    : false;
}

/** Watches how a video is shown, and tells of it until `stop`. */
export class HintWatch {
  readonly #tell: (hints: Hints) => void;
  readonly #sizes = new ResizeObserver(() => this.look());
  #video: HTMLVideoElement | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #whole = false;
  #told = JSON.stringify(NO_HINTS);

  constructor(tell: (hints: Hints) => void) {
    this.#tell = tell;
  }

  /** Begins to watch, and tells what is seen at once: the first session can go by it. */
  start(video: HTMLVideoElement): void {
    this.#video = video;
    this.#look();
    this.#sizes.observe(video);
    for (const event of EVENTS) {
      video.addEventListener(event, this.look);
    }
    document.addEventListener("visibilitychange", this.look);
  }

  /** Watches no more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#sizes.disconnect();
    for (const event of EVENTS) {
      this.#video?.removeEventListener(event, this.look);
    }
    document.removeEventListener("visibilitychange", this.look);
  }

  /** All of the picture is of use, however small its box: it is looked around in. */
  set whole(whole: boolean) {
    if (whole !== this.#whole) {
      this.#whole = whole;
      this.look();
    }
  }

  /** Looks, after a pause. */
  readonly look = (): void => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), PAUSE_MS);
  };

  #look(): void {
    const hints = this.#present();
    const told = JSON.stringify(hints);
    if (told !== this.#told) {
      this.#told = told;
      this.#tell(hints);
    }
  }

  #present(): Hints {
    const video = this.#video;
    const apart = video !== null && document.pictureInPictureElement !== null;
    const box = { width: video?.clientWidth ?? 0, height: video?.clientHeight ?? 0 };
    const picture = { width: video?.videoWidth ?? 0, height: video?.videoHeight ?? 0 };
    return {
      // A window of its own has a size that no page is told.
      height: this.#whole || apart ? null : shownHeight(box, picture, devicePixelRatio),
      hidden: document.visibilityState === "hidden" && !apart,
      dataSaver: savesData(),
    };
  }
}

const EVENTS = ["enterpictureinpicture", "leavepictureinpicture", "resize"] as const;
