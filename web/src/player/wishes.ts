/** What a player, and the parts of a page around it, ask for; the page decides. */

import { isOneOf } from "../protocol/guards.ts";

/** How several cameras are shown at once. */
export type Layout = "single" | "side" | "pip" | "grid";

/** The layouts, in the order in which a key walks through them. */
export const LAYOUTS: readonly Layout[] = ["single", "side", "pip", "grid"];

/** Recognises a {@link Layout}. */
export const isLayout = isOneOf(...LAYOUTS);

/** The detail of `eva-camera`. */
export interface CameraWish {
  id: string;
}

/** The detail of `eva-layout`. */
export interface LayoutWish {
  layout: Layout;
}

/** The detail of `eva-quality`. */
export interface QualityWish {
  /** A rung, or null to leave the choice to the relay. */
  rendition: string | null;
}

/** Sends a wish up the page. */
export function wish<T>(from: EventTarget, type: string, detail: T): void {
  from.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
}

declare global {
  interface HTMLElementEventMap {
    "eva-camera": CustomEvent<CameraWish>;
    "eva-layout": CustomEvent<LayoutWish>;
    "eva-quality": CustomEvent<QualityWish>;
    "eva-theatre": CustomEvent<null>;
  }
}
