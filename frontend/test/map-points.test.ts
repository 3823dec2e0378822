import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { layOut, nearest, next, type Point, pointsOf, within } from "../src/map/points.ts";

/** Points that lie on the fitted plane where they are told to. */
function pointsAt(...places: [number, number][]): Point[] {
  const points = pointsOf({
    id: places.map((_, index) => `id ${index}`),
    x: places.map(([x]) => x),
    y: places.map(([, y]) => y),
    category: places.map(() => "general"),
    owner: places.map(() => "household"),
    pinned: places.map(() => false),
    key: places.map((_, index) => `key ${index}`),
    value: places.map(() => "a value"),
  });
  for (const point of points) Object.assign(point, point.place);
  return points;
}

function at(points: readonly Point[], index: number): Point {
  const point = points[index];
  assert.ok(point);
  return point;
}

/** A random number generator that always gives the same numbers. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("picking", () => {
  it("finds the nearest point within reach", () => {
    const points = pointsAt([0, 0], [10, 0], [10, 10]);
    assert.equal(nearest(points, 9, 2, 5), points[1]);
    assert.equal(nearest(points, 50, 50, 5), null);
    assert.equal(nearest([], 0, 0), null);
  });

  it("takes the one that is drawn on top where two share a spot", () => {
    const points = pointsAt([5, 5], [5, 5]);
    assert.equal(nearest(points, 5, 5, 3), points[1]);
  });

  it("sees no point that the legend hides", () => {
    const points = pointsAt([0, 0], [10, 0]);
    at(points, 0).shown = false;
    assert.equal(nearest(points, 0, 0), points[1]);
  });

  it("is quick enough for every move of a mouse over 20,000 points", () => {
    const chance = random(1);
    const points = pointsAt(...Array.from({ length: 20_000 }, (): [number, number] => [chance(), chance()]));
    const picked = nearest(points, 0.5, 0.5);
    const least = Math.min(...points.map(({ x, y }) => Math.hypot(x - 0.5, y - 0.5)));
    assert.ok(picked);
    assert.equal(Math.hypot(picked.x - 0.5, picked.y - 0.5), least);
  });
});

describe("walking with the arrow keys", () => {
  it("goes to the near point in that direction", () => {
    const points = pointsAt([0, 0], [10, 1], [4, 9], [0, -7], [-3, 0]);
    const from = at(points, 0);
    assert.equal(next(points, from, "right"), points[1]);
    assert.equal(next(points, from, "down"), points[2]);
    assert.equal(next(points, from, "up"), points[3]);
    assert.equal(next(points, from, "left"), points[4]);
  });

  it("stops at the edge and skips what is hidden", () => {
    const points = pointsAt([0, 0], [5, 0], [9, 0]);
    at(points, 1).shown = false;
    assert.equal(next(points, at(points, 0), "right"), points[2]);
    assert.equal(next(points, at(points, 2), "right"), null);
  });

  it("goes through all points of one spot, and on", () => {
    const points = pointsAt([0, 0], [5, 0], [5, 0], [5, 0], [9, 0]);
    const walk = (start: number, direction: "left" | "right"): number[] => {
      const way: number[] = [];
      let here: Point | null = at(points, start);
      while (here && way.length < 10) {
        way.push(points.indexOf(here));
        here = next(points, here, direction);
      }
      return way;
    };
    assert.deepEqual(walk(0, "right"), [0, 1, 2, 3, 4]);
    assert.deepEqual(walk(4, "left"), [4, 3, 2, 1, 0]);
  });
});

describe("what is in view", () => {
  it("comes with the middle first and leaves out what is outside or hidden", () => {
    const points = pointsAt([1, 1], [5, 5], [6, 5], [20, 5], [4, 4]);
    at(points, 4).shown = false;
    const inside = within(points, { left: 0, top: 0, right: 10, bottom: 10 });
    assert.deepEqual(
      inside.map((point) => point.id),
      ["id 1", "id 2", "id 0"],
    );
  });
});

describe("laying out", () => {
  it("fills the canvas up to its padding, with y upwards", () => {
    const points = pointsAt([-1, -1], [1, 1]);
    layOut(points, { width: 300, height: 200 }, 20);
    const [low, high] = [at(points, 0), at(points, 1)];
    assert.deepEqual([low.x, low.y, high.x, high.y], [20, 180, 280, 20]);
  });

  it("puts a single point into the middle", () => {
    const points = pointsAt([0.3, 0.7]);
    layOut(points, { width: 300, height: 200 }, 20);
    assert.deepEqual([at(points, 0).x, at(points, 0).y], [150, 100]);
  });
});
