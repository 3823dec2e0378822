/** Little pictures that are copied onto an opaque image thousands of times: several times faster than drawing them one by one. */

/** A pixel is a number as a Uint32Array over the bytes of an ImageData has it. */
export interface Image {
  pixels: Uint32Array;
  width: number;
  height: number;
}

/** The covered pixels of a square picture, those that let something through apart. */
export interface Stamp {
  side: number;
  solid: Dot[];
  soft: (Dot & { alpha: number })[];
}

interface Dot {
  x: number;
  y: number;
  colour: number;
}

const OPAQUE = 0xff000000;
const RED_AND_BLUE = 0x00ff00ff;
const GREEN = 0x0000ff00;

/** Takes a picture out of an image. */
export function stampOf({ pixels, width }: Image, left: number, top: number, side: number): Stamp {
  const stamp: Stamp = { side, solid: [], soft: [] };
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const pixel = pixels[(top + y) * width + left + x] ?? 0;
      const alpha = pixel >>> 24;
      const dot = { x, y, colour: (pixel | OPAQUE) >>> 0 };
      if (alpha === 255) stamp.solid.push(dot);
      else if (alpha > 0) stamp.soft.push({ ...dot, alpha });
    }
  }
  return stamp;
}

/** Copies a picture to a place of an opaque image; what lies outside is left away. */
export function press(image: Image, stamp: Stamp, left: number, top: number): void {
  const { pixels, width, height } = image;
  const { side } = stamp;
  if (left <= -side || top <= -side || left >= width || top >= height) return;
  const inside = left >= 0 && top >= 0 && left + side <= width && top + side <= height;
  for (const { x, y, colour } of stamp.solid) {
    if (inside || lies(left + x, top + y, image)) pixels[(top + y) * width + left + x] = colour;
  }
  for (const { x, y, colour, alpha } of stamp.soft) {
    if (!inside && !lies(left + x, top + y, image)) continue;
    const at = (top + y) * width + left + x;
    pixels[at] = mixed(pixels[at] ?? 0, colour, alpha);
  }
}

function lies(x: number, y: number, { width, height }: Image): boolean {
  return x >= 0 && y >= 0 && x < width && y < height;
}

/** Lays one colour over another; alpha is 0..255. */
function mixed(below: number, above: number, alpha: number): number {
  const share = alpha + (alpha >> 7);
  const rest = 256 - share;
  const redAndBlue = (((above & RED_AND_BLUE) * share + (below & RED_AND_BLUE) * rest) >>> 8) & RED_AND_BLUE;
  const green = (((above & GREEN) * share + (below & GREEN) * rest) >>> 8) & GREEN;
  return (redAndBlue | green | OPAQUE) >>> 0;
}
