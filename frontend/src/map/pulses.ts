import type { Point } from "./points.ts";

/** Milliseconds that a ring takes to spread and fade. */
export const PULSE = 1_600;

/** Rings that spread from points. Times are milliseconds of one clock. */
export class Pulses {
  private readonly starts = new Map<Point, number>();

  /** Lets rings begin, those that are under way anew. */
  add(points: readonly Point[], now: number): void {
    for (const point of points) this.starts.set(point, now);
  }

  /** The rings of this moment with their age, 0..1; those that have faded are forgotten. */
  at(now: number): { point: Point; age: number }[] {
    for (const [point, start] of this.starts) {
      if (now - start >= PULSE || !point.shown) this.starts.delete(point);
    }
    return [...this.starts].map(([point, start]) => ({ point, age: Math.max(0, now - start) / PULSE }));
  }
}
