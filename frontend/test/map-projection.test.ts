import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { boundsOf, fit, panTo, radiusOf, viewOf } from "../src/map/projection.ts";

const SIZE = { width: 400, height: 200 };

describe("the fit", () => {
  it("stretches the plane to the canvas, but not into a line", () => {
    const bounds = { left: -1, top: -1, right: 1, bottom: 1 };
    const wide = fit(bounds, { width: 2000, height: 200 }, 0);
    assert.ok(wide.scaleX / -wide.scaleY <= 2.2001);
    assert.equal(wide.shiftX, 1000);
    const equal = fit(bounds, { width: 400, height: 300 }, 0);
    assert.deepEqual([equal.scaleX, equal.scaleY], [200, -150]);
  });

  it("holds for points on one spot, in a line, and for none", () => {
    for (const places of [
      [],
      [{ x: 2, y: 2 }],
      [
        { x: 0, y: 1 },
        { x: 5, y: 1 },
      ],
    ]) {
      const made = fit(boundsOf(places), SIZE, 10);
      assert.ok(Object.values(made).every(Number.isFinite), JSON.stringify(made));
    }
  });
});

describe("the view", () => {
  it("is the canvas without pan and zoom, and the part that is enlarged otherwise", () => {
    assert.deepEqual(viewOf(SIZE, { k: 1, x: -0, y: -0 }), { left: 0, top: 0, right: 400, bottom: 200 });
    assert.deepEqual(viewOf(SIZE, { k: 2, x: -100, y: -50 }), { left: 50, top: 25, right: 250, bottom: 125 });
  });

  it("moves only for points that are not well inside", () => {
    const transform = { k: 2, x: 0, y: 0 };
    assert.equal(panTo(SIZE, transform, { x: 100, y: 50 }), null);
    assert.deepEqual(panTo(SIZE, transform, { x: 300, y: 50 }), { x: -400, y: 0 });
  });
});

describe("the radius", () => {
  it("shrinks with the number of points, grows with the zoom, and ends at nine pixels", () => {
    assert.ok(radiusOf(20_000, 1) < radiusOf(300, 1));
    assert.ok(radiusOf(20_000, 8) > radiusOf(20_000, 1));
    assert.equal(radiusOf(10, 1000), 9);
  });
});
