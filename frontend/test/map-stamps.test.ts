import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Image, press, stampOf } from "../src/map/stamps.ts";

const WHITE = 0xffffffff;
const RED = 0xff0000ff;

function image(width: number, height: number, pixel = WHITE): Image {
  return { pixels: new Uint32Array(width * height).fill(pixel), width, height };
}

/** A picture with a solid red pixel at 0,0, a half transparent one at 1,0, and two empty ones. */
function picture() {
  const source = image(4, 2, 0);
  source.pixels[2] = RED;
  source.pixels[3] = 0x800000ff;
  return stampOf(source, 2, 0, 2);
}

describe("stamps", () => {
  it("cover what is below, mix with it, or leave it", () => {
    const paper = image(4, 4);
    press(paper, picture(), 1, 1);
    assert.equal(paper.pixels[5], RED);
    const [mixed] = paper.pixels.slice(6);
    assert.ok(mixed !== undefined);
    assert.equal(mixed >>> 24, 255);
    assert.equal(mixed & 0xff, 255);
    assert.ok(Math.abs(((mixed >>> 8) & 0xff) - 127) <= 1, mixed.toString(16));
    assert.ok(Math.abs(((mixed >>> 16) & 0xff) - 127) <= 1, mixed.toString(16));
    assert.deepEqual([...paper.pixels].filter((pixel) => pixel !== WHITE).length, 2);
  });

  it("are cut off at the edges instead of coming in at the other side", () => {
    for (const [left, top] of [
      [-1, 0],
      [3, 0],
      [0, -1],
      [0, 3],
      [-2, 0],
      [4, 0],
      [0, 9],
    ] as const) {
      const paper = image(4, 4);
      press(paper, picture(), left, top);
      const seen = [...paper.pixels].flatMap((pixel, at) => (pixel === WHITE ? [] : [[at % 4, Math.floor(at / 4)]]));
      const wanted = [
        [left, top],
        [left + 1, top],
      ].filter(([x = 0, y = 0]) => x >= 0 && x < 4 && y >= 0 && y < 4);
      assert.deepEqual(seen, wanted, `at ${left}, ${top}`);
    }
  });

  it("keep a colour as it is on the same colour", () => {
    const paper = image(2, 2, RED);
    press(paper, picture(), 0, 0);
    assert.deepEqual([...paper.pixels], [RED, RED, RED, RED]);
  });
});
