import type { Atlas, Category } from "../api/types.ts";
import { type Bounds, boundsOf, fit, type Size } from "./projection.ts";

/** A memory on the map. */
export interface Point {
  id: string;
  key: string;
  /** Its beginning. */
  value: string;
  category: Category;
  owner: string;
  pinned: boolean;
  /** Where it lies in the atlas, -1..1. */
  place: { x: number; y: number };
  /** Where it lies on the fitted plane, in pixels before pan and zoom. */
  x: number;
  y: number;
  shown: boolean;
}

export type Direction = "left" | "right" | "up" | "down";

const STEP: Record<Direction, [number, number]> = {
  left: [-1, 0],
  right: [1, 0],
  up: [0, -1],
  down: [0, 1],
};

/** How much a detour sideways counts when the arrow keys look for the next point. */
const DETOUR = 2;

/** The columns of an atlas as points. */
export function pointsOf(columns: Atlas["points"]): Point[] {
  return columns.id.map((id, index) => ({
    id,
    key: columns.key[index] ?? "",
    value: columns.value[index] ?? "",
    category: columns.category[index] ?? "general",
    owner: columns.owner[index] ?? "",
    pinned: columns.pinned[index] ?? false,
    place: { x: columns.x[index] ?? 0, y: columns.y[index] ?? 0 },
    x: 0,
    y: 0,
    shown: true,
  }));
}

/** Lays points out for a canvas of this size. */
export function layOut(points: readonly Point[], size: Size, padding: number): void {
  const places = points.map((point) => point.place);
  const { scaleX, scaleY, shiftX, shiftY } = fit(boundsOf(places), size, padding);
  for (const point of points) {
    point.x = point.place.x * scaleX + shiftX;
    point.y = point.place.y * scaleY + shiftY;
  }
}

/**
 * The shown point nearest to a place of the fitted plane, null if none is within `radius`.
 *
 * It looks at all of them: 20,000 take a tenth of a millisecond, so that no tree has to be kept right while legends filter and
 * windows change their size.
 */
export function nearest(points: readonly Point[], x: number, y: number, radius = Infinity): Point | null {
  let best: Point | null = null;
  let least = radius * radius;
  for (const point of points) {
    if (!point.shown) continue;
    const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (distance <= least) {
      least = distance;
      best = point;
    }
  }
  return best;
}

/**
 * The next shown point in a direction: near, and not far off to the side; null at the edge. Points on one spot are left in the
 * order in which they come, so that none of them holds a walk up.
 */
export function next(points: readonly Point[], from: Point, direction: Direction): Point | null {
  const step = STEP[direction];
  const backwards = direction === "left" || direction === "up";
  let passed = false;
  let best: Point | null = null;
  let least = Infinity;
  for (const point of points) {
    passed ||= point === from;
    if (!point.shown || point === from) continue;
    const cost = costOf(point.x - from.x, point.y - from.y, step, passed !== backwards);
    // Of several on the next spot the walk takes the first, and backwards the last, so that it meets all of them.
    if (cost < least || (cost === least && backwards && cost < Infinity)) {
      least = cost;
      best = point;
    }
  }
  return best;
}

/** How far a step by dx, dy is for somebody who looks in one direction, infinite where it leads elsewhere. */
function costOf(dx: number, dy: number, [stepX, stepY]: [number, number], comes: boolean): number {
  if (dx === 0 && dy === 0) return comes ? 0 : Infinity;
  const ahead = dx * stepX + dy * stepY;
  const aside = Math.abs(dx * stepY) + Math.abs(dy * stepX);
  return ahead <= 0 || aside > ahead * DETOUR ? Infinity : ahead + DETOUR * aside;
}

/** The shown points inside a part of the fitted plane, those nearest to its middle first. */
export function within(points: readonly Point[], view: Bounds): Point[] {
  const middleX = (view.left + view.right) / 2;
  const middleY = (view.top + view.bottom) / 2;
  const distance = (point: Point): number => (point.x - middleX) ** 2 + (point.y - middleY) ** 2;
  return points
    .filter(({ shown, x, y }) => shown && x >= view.left && x <= view.right && y >= view.top && y <= view.bottom)
    .sort((one, other) => distance(one) - distance(other));
}
