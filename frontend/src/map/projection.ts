/** From the plane of the atlas to the pixels of the canvas: first a fit that only a resize changes, then pan and zoom. */

export interface Size {
  width: number;
  height: number;
}

export interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Pan and zoom as d3-zoom keeps them: on screen a fitted point is at `x * k + tx`. */
export interface Transform {
  k: number;
  x: number;
  y: number;
}

/** What turns a coordinate of the atlas into fitted pixels: `x * scaleX + shiftX`. */
export interface Fit {
  scaleX: number;
  scaleY: number;
  shiftX: number;
  shiftY: number;
}

/** Widest ratio of the two scales: the axes say little alone, but a plane should not become a line. */
const MAX_STRETCH = 2.2;

/** The smallest rectangle around all places, in the coordinates of the atlas. */
export function boundsOf(places: readonly { x: number; y: number }[]): Bounds {
  if (places.length === 0) return { left: -1, top: -1, right: 1, bottom: 1 };
  const bounds = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y } of places) {
    bounds.left = Math.min(bounds.left, x);
    bounds.right = Math.max(bounds.right, x);
    bounds.top = Math.min(bounds.top, y);
    bounds.bottom = Math.max(bounds.bottom, y);
  }
  return bounds;
}

/** Fits `bounds` into `size` with `padding` pixels around it; y grows upwards in the atlas and downwards on screen. */
export function fit(bounds: Bounds, size: Size, padding: number): Fit {
  const spanX = bounds.right - bounds.left || 1;
  const spanY = bounds.bottom - bounds.top || 1;
  const roomX = Math.max(size.width - 2 * padding, 1);
  const roomY = Math.max(size.height - 2 * padding, 1);
  let scaleX = roomX / spanX;
  let scaleY = roomY / spanY;
  scaleX = Math.min(scaleX, scaleY * MAX_STRETCH);
  scaleY = Math.min(scaleY, scaleX * MAX_STRETCH);
  return {
    scaleX,
    scaleY: -scaleY,
    shiftX: size.width / 2 - ((bounds.left + bounds.right) / 2) * scaleX,
    shiftY: size.height / 2 + ((bounds.top + bounds.bottom) / 2) * scaleY,
  };
}

/** The part of the fitted plane that is on screen, grown by `margin` pixels of the screen. */
export function viewOf(size: Size, transform: Transform, margin = 0): Bounds {
  const { k, x, y } = transform;
  return {
    left: (-margin - x) / k,
    top: (-margin - y) / k,
    right: (size.width + margin - x) / k,
    bottom: (size.height + margin - y) / k,
  };
}

/** Radius of a point in pixels: smaller where many share the plane, a little larger when one looks closer. */
export function radiusOf(count: number, k: number): number {
  const base = count > 5000 ? 2.5 : count > 1000 ? 3.5 : count > 200 ? 4.5 : 6;
  return Math.round(2 * Math.min(base * k ** 0.3, 9)) / 2;
}

/** Pan that brings a fitted point to the middle when it lies outside of the screen or near its edge, otherwise null. */
export function panTo(
  size: Size,
  transform: Transform,
  point: { x: number; y: number },
  edge = 24,
): { x: number; y: number } | null {
  const x = point.x * transform.k + transform.x;
  const y = point.y * transform.k + transform.y;
  const inside = x >= edge && y >= edge && x <= size.width - edge && y <= size.height - edge;
  return inside ? null : { x: size.width / 2 - x, y: size.height / 2 - y };
}
