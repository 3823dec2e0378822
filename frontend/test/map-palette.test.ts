import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CATEGORY_LOOKS, LOOKS, outline, ownerLook } from "../src/map/palette.ts";

type Triple = [number, number, number];

/** Machado, Oliveira and Fernandes 2009, severity 1, for linear light. */
const SIGHT: Record<string, [Triple, Triple, Triple]> = {
  full: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  "without red": [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  "without green": [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  "without blue": [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const TO_CONES: [Triple, Triple, Triple] = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const TO_OKLAB: [Triple, Triple, Triple] = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];

function times(matrix: [Triple, Triple, Triple], [x, y, z]: Triple): Triple {
  const [one, two, three] = matrix.map(([a, b, c]) => a * x + b * y + c * z);
  return [one ?? 0, two ?? 0, three ?? 0];
}

function each(triple: Triple, change: (value: number) => number): Triple {
  return [change(triple[0]), change(triple[1]), change(triple[2])];
}

function linear(colour: string): Triple {
  const bytes: Triple = [colour.slice(1, 3), colour.slice(3, 5), colour.slice(5, 7)].map((hex) =>
    Number.parseInt(hex, 16),
  ) as Triple;
  return each(bytes, (byte) => (byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4));
}

function contrast(one: string, other: string): number {
  const [dark, bright] = [one, other]
    .map((colour) => {
      const [red, green, blue] = linear(colour);
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
    })
    .sort((a, b) => a - b);
  return (bright ?? 0) / (dark ?? 1);
}

function oklab(colour: string, sight: [Triple, Triple, Triple]): Triple {
  const seen = each(times(sight, linear(colour)), (value) => Math.min(Math.max(value, 0), 1));
  return times(TO_OKLAB, each(times(TO_CONES, seen), Math.cbrt));
}

function distance(one: Triple, other: Triple): number {
  return Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2]);
}

const THEMES = [
  { theme: "light", cards: ["#ffffff", "#fafafa"] },
  { theme: "dark", cards: ["#111111", "#1c1c1c"] },
] as const;

describe("the colours of the map", () => {
  for (const { theme, cards } of THEMES) {
    it(`stand out from the cards of the ${theme} theme`, () => {
      for (const look of LOOKS) {
        for (const card of cards) assert.ok(contrast(look[theme], card) >= 3, `${look[theme]} on ${card}`);
      }
    });
    for (const [name, sight] of Object.entries(SIGHT)) {
      it(`differ in the ${theme} theme for eyes with ${name === "full" ? "full colour sight" : name}`, () => {
        const colours = LOOKS.map((look) => look[theme]);
        colours.forEach((one, index) => {
          for (const other of colours.slice(index + 1)) {
            const apart = distance(oklab(one, sight), oklab(other, sight));
            // 0.02 is just noticeable side by side.
            assert.ok(apart > 0.09, `${one} and ${other} are ${apart.toFixed(3)} apart`);
          }
        });
      });
    }
  }
});

describe("the looks", () => {
  it("have a shape each, so that colour is not all that tells categories apart", () => {
    assert.equal(new Set(LOOKS.map((look) => look.shape)).size, LOOKS.length);
    assert.equal(new Set(Object.values(CATEGORY_LOOKS)).size, LOOKS.length);
  });

  it("keep every corner of a shape near radius 1", () => {
    for (const { shape } of LOOKS) {
      for (const [x, y] of outline(shape) ?? []) assert.ok(Math.hypot(x, y) < 1.4, `${shape} at ${x}, ${y}`);
    }
  });

  it("of people start again when there are more than looks, and leave the household its own", () => {
    const people = Array.from({ length: 9 }, (_, index) => `person ${index}`);
    assert.equal(ownerLook("person 8", people), ownerLook("person 0", people));
    assert.notEqual(ownerLook("person 7", people), ownerLook("household", people));
    assert.equal(ownerLook("household", people), LOOKS.at(-1));
  });
});
