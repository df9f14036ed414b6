/** Looking around by turning the device. */

import { directionOf, type View, wrapped } from "./looking.ts";

/** iOS asks the viewer first; other browsers have no such method. */
interface Asking {
  requestPermission?: () => Promise<"granted" | "denied">;
}

/** This device can tell how it is held. */
export function hasMotion(): boolean {
  return "DeviceOrientationEvent" in globalThis && matchMedia("(pointer: coarse)").matches;
}

/**
 * Follows the device, from the present view on.
 *
 * @param view the view at the beginning
 * @param onTurn where the device points, yaw and pitch in degrees
 * @returns the way to stop, or null where the viewer or the browser refuses
 */
export async function followDevice(
  view: View,
  onTurn: (yaw: number, pitch: number) => void,
): Promise<(() => void) | null> {
  const asking = DeviceOrientationEvent as Asking;
  if (asking.requestPermission !== undefined) {
    const answer = await asking.requestPermission().catch(() => "denied" as const);
    if (answer !== "granted") {
      return null;
    }
  }
  let offset: number | null = null;
  const onOrientation = (event: DeviceOrientationEvent): void => {
    const { alpha, beta, gamma } = event;
    if (alpha === null || beta === null || gamma === null) {
      return;
    }
    const { yaw, pitch } = directionOf(alpha, beta, gamma);
    offset ??= view.yaw - yaw;
    onTurn(wrapped(yaw + offset), pitch);
  };
  addEventListener("deviceorientation", onOrientation);
  return () => removeEventListener("deviceorientation", onOrientation);
}
