import type { Category } from "../api/types.ts";

/** Shapes tell kinds apart where colours do not. */
export type Shape = "circle" | "square" | "diamond" | "triangle" | "down" | "plus" | "pentagon" | "star" | "ring";

export interface Look {
  shape: Shape;
  light: string;
  dark: string;
}

/**
 * Nine looks. The colours were searched for: hues in steps, lightness and chroma chosen so that all of them stand out from the
 * cards of Home Assistant's themes (contrast 3 or more) and any two differ for people who see no red, no green or no blue, too.
 * test/map-palette.test.ts holds them to that.
 */
const BLUE: Look = { shape: "circle", light: "#1896ce", dark: "#259ccd" };
const TEAL: Look = { shape: "square", light: "#077c63", dark: "#00d4a3" };
const INDIGO: Look = { shape: "diamond", light: "#1734be", dark: "#a5aeff" };
const AMBER: Look = { shape: "triangle", light: "#945502", dark: "#ffcd5a" };
const PINK: Look = { shape: "down", light: "#ea46a4", dark: "#b16f8f" };
const RED: Look = { shape: "plus", light: "#7c0103", dark: "#ed382b" };
const VIOLET: Look = { shape: "pentagon", light: "#8352e0", dark: "#8f65fe" };
const LIME: Look = { shape: "star", light: "#80991b", dark: "#adae27" };
const SLATE: Look = { shape: "ring", light: "#373f49", dark: "#d9dde7" };

export const LOOKS: readonly Look[] = [BLUE, TEAL, INDIGO, AMBER, PINK, RED, VIOLET, LIME, SLATE];

export const CATEGORY_LOOKS: Readonly<Record<Category, Look>> = {
  user: BLUE,
  home: TEAL,
  device: INDIGO,
  routine: AMBER,
  preference: PINK,
  relationship: RED,
  event: VIOLET,
  instruction: LIME,
  general: SLATE,
};

/** The look of a person by their place in the list of people; the household has the last one, which is nobody's. */
export function ownerLook(owner: string, people: readonly string[]): Look {
  const place = people.indexOf(owner);
  return (place < 0 ? null : LOOKS[place % (LOOKS.length - 1)]) ?? SLATE;
}

/** The path of a shape with radius 1 around 0,0 as points, or null for round ones. */
export function outline(shape: Shape): [number, number][] | null {
  switch (shape) {
    case "circle":
    case "ring":
      return null;
    case "square":
      return polygon(4, Math.PI / 4, 1.15);
    case "diamond":
      return polygon(4, 0, 1.25);
    case "triangle":
      return polygon(3, -Math.PI / 2, 1.3);
    case "down":
      return polygon(3, Math.PI / 2, 1.3);
    case "pentagon":
      return polygon(5, -Math.PI / 2, 1.12);
    case "star":
      return star();
    case "plus":
      return plus();
  }
}

function polygon(corners: number, turn: number, radius: number): [number, number][] {
  return Array.from({ length: corners }, (_, corner) => {
    const angle = turn + (corner * 2 * Math.PI) / corners;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

function star(): [number, number][] {
  return Array.from({ length: 10 }, (_, corner) => {
    const angle = -Math.PI / 2 + (corner * Math.PI) / 5;
    const radius = corner % 2 ? 0.6 : 1.35;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

function plus(): [number, number][] {
  const [near, far] = [0.42, 1.15];
  const corner: [number, number][] = [
    [near, -far],
    [near, -near],
    [far, -near],
  ];
  return [0, 1, 2, 3].flatMap((turns) => corner.map((point) => turned(point, turns)));
}

/** A point turned by a number of right angles. */
function turned([x, y]: [number, number], turns: number): [number, number] {
  return turns === 0 ? [x, y] : turned([-y, x], turns - 1);
}
