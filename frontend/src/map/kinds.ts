import type { Format } from "../format.ts";
import type { Kind } from "./legend.ts";
import { CATEGORY_LOOKS, type Look, ownerLook } from "./palette.ts";
import type { Point } from "./points.ts";

/** What the colours of the map tell: the name of the property of a point that decides. */
export type Colouring = "category" | "owner";

export function lookFor(colouring: Colouring, people: readonly string[]): (point: Point) => Look {
  return colouring === "category"
    ? ({ category }) => CATEGORY_LOOKS[category]
    : ({ owner }) => ownerLook(owner, people);
}

/** The categories or persons that are on the map, the most frequent first. */
export function kindsOf(
  points: readonly Point[],
  colouring: Colouring,
  look: (point: Point) => Look,
  name: (point: Point) => string,
  format: Pick<Format, "number">,
): Kind[] {
  const kinds = new Map<string, { first: Point; count: number }>();
  for (const point of points) {
    const kind = kinds.get(point[colouring]);
    if (kind) kind.count++;
    else kinds.set(point[colouring], { first: point, count: 1 });
  }
  return [...kinds]
    .sort(([, one], [, other]) => other.count - one.count)
    .map(([value, { first, count }]) => ({
      value,
      label: name(first),
      look: look(first),
      count: format.number(count),
    }));
}
