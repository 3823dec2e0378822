import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Label, labelOrder, placeLabels } from "../src/map/labels.ts";
import { type Point, pointsOf } from "../src/map/points.ts";

const SPACE = { width: 400, height: 300, line: 18, gap: 8, limit: 30 };

function pointsAt(places: [number, number][], pinned: number[] = []): Point[] {
  const points = pointsOf({
    id: places.map((_, index) => String(index)),
    x: places.map(([x]) => x),
    y: places.map(([, y]) => y),
    category: places.map(() => "home"),
    owner: places.map(() => "household"),
    pinned: places.map((_, index) => pinned.includes(index)),
    key: places.map(() => "key"),
    value: places.map(() => ""),
  });
  for (const point of points) Object.assign(point, point.place);
  return points;
}

function place(points: Point[], width = 60, space = SPACE): Label[] {
  return placeLabels(
    points,
    (point) => point,
    () => width,
    space,
  );
}

describe("labels", () => {
  it("never overlap each other", () => {
    const places = Array.from({ length: 200 }, (_, index): [number, number] => [
      (index * 37) % 400,
      (index * 53) % 300,
    ]);
    const labels = place(pointsAt(places), 60, { ...SPACE, limit: 200 });
    assert.ok(labels.length > 10);
    for (const [index, one] of labels.entries()) {
      for (const other of labels.slice(index + 1)) {
        const left = (label: Label): number => (label.before ? label.x - 60 : label.x);
        const apart = Math.abs(left(one) - left(other)) >= 60 || Math.abs(one.y - other.y) >= 18;
        assert.ok(apart, `${JSON.stringify(one)} ${JSON.stringify(other)}`);
      }
    }
  });

  it("stand before a point at the right edge, and nowhere if there is no room", () => {
    const [label] = place(pointsAt([[390, 50]]));
    assert.equal(label?.before, true);
    assert.equal(label?.x, 382);
    assert.deepEqual(place(pointsAt([[390, 50]]), 395), []);
  });

  it("leave out points that are hidden or off screen, and end at the limit", () => {
    const points = pointsAt([
      [10, 20],
      [10, 60],
      [500, 60],
      [10, 100],
      [10, 140],
    ]);
    points.slice(0, 1).forEach((point) => {
      point.shown = false;
    });
    const labels = place(points, 60, { ...SPACE, limit: 2 });
    assert.deepEqual(
      labels.map(({ point }) => point.id),
      ["1", "3"],
    );
  });

  it("belong to pinned memories first, and the order of the rest stays", () => {
    const points = pointsAt(
      Array.from({ length: 50 }, () => [0, 0]),
      [7, 31],
    );
    const order = labelOrder(points).map(({ id }) => Number(id));
    assert.deepEqual(new Set(order.slice(0, 2)), new Set([7, 31]));
    assert.equal(new Set(order).size, 50);
    assert.deepEqual(
      labelOrder(points).map(({ id }) => Number(id)),
      order,
    );
  });
});
