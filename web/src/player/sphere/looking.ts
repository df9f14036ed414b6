/** Where somebody looks in a 360° picture, and how that changes. Pure; angles are degrees. */

/** A direction and an angle of view. */
export interface View {
  /** To the right of the picture's middle, -180 to 180. */
  readonly yaw: number;
  /** Above the horizon, -90 to 90. */
  readonly pitch: number;
  /** The vertical angle of view. */
  readonly fov: number;
}

/** Where the operator looks. */
export type OperatorView = View;

/** Where the operators look, by camera. */
export type OperatorViews = ReadonlyMap<string, OperatorView>;

/** The views after one of them has changed. */
export function withView(views: OperatorViews, news: View & { camera: string }): OperatorViews {
  const { camera, yaw, pitch, fov } = news;
  return new Map([...views, [camera, settled({ yaw, pitch, fov })]]);
}

/** Straight ahead. */
export const AHEAD: View = { yaw: 0, pitch: 0, fov: 75 };

/** The narrowest and the widest angle of view. */
export const FOV_RANGE = [30, 110] as const;

/** What a press of a key or a button does. */
export const TURN_STEP = 12;
const ZOOM_STEP = 0.85;

const FULL_TURN = 360;
const HALF_TURN = 180;
const QUARTER_TURN = 90;

/** An angle from -180 to 180. */
export function wrapped(angle: number): number {
  return angle - FULL_TURN * Math.floor((angle + HALF_TURN) / FULL_TURN);
}

function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** A view with every angle in its range. */
export function settled(view: View): View {
  return {
    yaw: wrapped(view.yaw),
    pitch: within(view.pitch, -QUARTER_TURN, QUARTER_TURN),
    fov: within(view.fov, ...FOV_RANGE),
  };
}

/** Turns by so much. */
export function turned(view: View, yaw: number, pitch: number): View {
  return settled({ ...view, yaw: view.yaw + yaw, pitch: view.pitch + pitch });
}

/** Comes nearer (`steps` > 0) or goes farther away. */
export function zoomed(view: View, steps: number): View {
  return settled({ ...view, fov: view.fov * ZOOM_STEP ** steps });
}

/**
 * The view after a drag: the point under the finger stays there, as near as makes no difference.
 *
 * @param height the picture's height in the same pixels as the drag
 */
export function dragged(view: View, dx: number, dy: number, height: number): View {
  const perPixel = view.fov / Math.max(1, height);
  return turned(view, -dx * perPixel, dy * perPixel);
}

/** A view on the shortest way from one to another; `share` 1 arrives. */
export function towards(from: View, to: View, share: number): View {
  return settled({
    yaw: from.yaw + wrapped(to.yaw - from.yaw) * share,
    pitch: from.pitch + (to.pitch - from.pitch) * share,
    fov: from.fov + (to.fov - from.fov) * share,
  });
}

/** True where two views cannot be told apart. */
export function isSame(one: View, other: View): boolean {
  const far = Math.abs(wrapped(one.yaw - other.yaw)) + Math.abs(one.pitch - other.pitch);
  return far + Math.abs(one.fov - other.fov) < 0.05;
}

/**
 * Where the back of a telephone points, from the angles of a `deviceorientation` event.
 *
 * The axes are those of the W3C's Device Orientation specification (Z-X'-Y''): the direction is the
 * third column of its rotation matrix, turned round.
 */
export function directionOf(
  alpha: number,
  beta: number,
  gamma: number,
): { yaw: number; pitch: number } {
  const [a, b, c] = [alpha, beta, gamma].map((angle) => (angle * Math.PI) / HALF_TURN) as [
    number,
    number,
    number,
  ];
  const east = -(Math.cos(a) * Math.sin(c) + Math.sin(a) * Math.sin(b) * Math.cos(c));
  const north = -(Math.sin(a) * Math.sin(c) - Math.cos(a) * Math.sin(b) * Math.cos(c));
  const up = -(Math.cos(b) * Math.cos(c));
  return {
    yaw: (Math.atan2(east, north) * HALF_TURN) / Math.PI,
    pitch: (Math.asin(within(up, -1, 1)) * HALF_TURN) / Math.PI,
  };
}

/** The rotation that turns a ray straight ahead (-z) into a view's, column by column for WebGL. */
export function rotationOf(view: View): Float32Array {
  const yaw = (-view.yaw * Math.PI) / HALF_TURN;
  const pitch = (view.pitch * Math.PI) / HALF_TURN;
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  return new Float32Array([cy, 0, -sy, sy * sp, cp, cy * sp, sy * cp, -sp, cy * cp]);
}
