import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Point } from "../src/map/points.ts";
import { PULSE, Pulses } from "../src/map/pulses.ts";

const point = (id: string): Point => ({
  id,
  key: id,
  value: "",
  category: "home",
  owner: "household",
  pinned: false,
  place: { x: 0, y: 0 },
  x: 0,
  y: 0,
  shown: true,
});

describe("pulses", () => {
  it("grow older and end", () => {
    const pulses = new Pulses();
    pulses.add([point("a")], 100);
    assert.deepEqual(
      pulses.at(100 + PULSE / 2).map(({ age }) => age),
      [0.5],
    );
    assert.deepEqual(pulses.at(100 + PULSE), []);
    assert.deepEqual(pulses.at(100), [], "what has faded stays away");
  });

  it("begin anew where a point is recalled again", () => {
    const pulses = new Pulses();
    const again = point("a");
    pulses.add([again], 0);
    pulses.add([again], PULSE - 1);
    assert.equal(pulses.at(PULSE).length, 1);
  });

  it("do not show on hidden points, nor before their start", () => {
    const pulses = new Pulses();
    const hidden = { ...point("a"), shown: false };
    pulses.add([hidden, point("b")], 50);
    assert.deepEqual(
      pulses.at(40).map(({ point, age }) => [point.id, age]),
      [["b", 0]],
    );
  });
});
