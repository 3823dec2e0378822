/** Which points get their key written beside them: as many as there is room for, the important ones first. */

import type { Point } from "./points.ts";

export interface Label {
  point: Point;
  x: number;
  y: number;
  /** Whether the text ends at the point instead of starting there. */
  before: boolean;
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface LabelSpace {
  width: number;
  height: number;
  /** Height of a line. */
  line: number;
  /** Between a point's middle and its text. */
  gap: number;
  /** Labels at most. */
  limit: number;
}

/** Points that are tried: keeps a frame short where all lie on one spot. */
const MAX_TRIES = 400;

/**
 * Places labels greedily in the given order.
 *
 * @param order the most important first
 * @param place where a point is on screen
 * @param measure width of a point's text in pixels
 */
export function placeLabels(
  order: Iterable<Point>,
  place: (point: Point) => { x: number; y: number },
  measure: (point: Point) => number,
  space: LabelSpace,
): Label[] {
  const placed: Label[] = [];
  const taken: Box[] = [];
  let tries = 0;
  for (const point of order) {
    if (placed.length >= space.limit || tries >= MAX_TRIES) break;
    const at = place(point);
    if (!point.shown || at.x < 0 || at.y < 0 || at.x > space.width || at.y > space.height) continue;
    tries++;
    const width = measure(point);
    const side = [false, true].find((before) => fits(boxOf(at, width, before, space), space, taken));
    if (side === undefined) continue;
    taken.push(boxOf(at, width, side, space));
    placed.push({ point, x: side ? at.x - space.gap : at.x + space.gap, y: at.y, before: side });
  }
  return placed;
}

function boxOf(at: { x: number; y: number }, width: number, before: boolean, space: LabelSpace): Box {
  const far = space.gap + width;
  return {
    left: before ? at.x - far : at.x - space.gap,
    right: before ? at.x + space.gap : at.x + far,
    top: at.y - space.line / 2,
    bottom: at.y + space.line / 2,
  };
}

function fits(box: Box, space: LabelSpace, taken: readonly Box[]): boolean {
  if (box.left < 0 || box.right > space.width) return false;
  return !taken.some(
    (other) => box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom,
  );
}

/**
 * The order in which points get labels: pinned ones, and then an order that looks random and stays the same, so that labels
 * neither crowd where the oldest memories lie nor change while one pans.
 */
export function labelOrder(points: readonly Point[]): Point[] {
  return points
    .map((point, index) => ({ point, weight: (point.pinned ? 0 : 2 ** 32) + (Math.imul(index + 1, 2654435761) >>> 0) }))
    .sort((one, other) => one.weight - other.weight)
    .map(({ point }) => point);
}
