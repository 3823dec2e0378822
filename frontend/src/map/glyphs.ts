import { LOOKS, type Look, outline } from "./palette.ts";

/** The pictures of all looks on one canvas, so that thousands of points are copies of little pictures instead of paths. */
export interface GlyphSheet {
  canvas: HTMLCanvasElement;
  /** Side of one picture in pixels of the sheet. */
  cell: number;
  /** Side of one picture in pixels of the page. */
  side: number;
}

export interface GlyphStyle {
  /** Radius in pixels of the page. */
  radius: number;
  ratio: number;
  dark: boolean;
  /** Colour of the card below. */
  background: string;
}

/** Draws every look, in the second row with the ring around pinned memories. */
export function drawSheet(style: GlyphStyle): GlyphSheet {
  const side = Math.ceil(style.radius * 3.6) + 4;
  const cell = Math.ceil(side * style.ratio);
  const canvas = document.createElement("canvas");
  canvas.width = cell * LOOKS.length;
  canvas.height = cell * 2;
  const context = canvas.getContext("2d");
  if (context) {
    LOOKS.forEach((look, column) => {
      for (const row of [0, 1]) {
        context.setTransform(style.ratio, 0, 0, style.ratio, (column + 0.5) * cell, (row + 0.5) * cell);
        drawGlyph(context, look, style, row === 1);
      }
    });
  }
  return { canvas, cell, side };
}

/** Draws one look around 0,0, with a rim in the colour of the card that keeps neighbours apart. */
export function drawGlyph(
  context: CanvasRenderingContext2D,
  look: Look,
  { radius, dark, background }: GlyphStyle,
  pinned: boolean,
): void {
  const colour = dark ? look.dark : look.light;
  trace(context, look, radius);
  context.lineWidth = radius > 3 ? 2 : 1;
  context.strokeStyle = background;
  context.stroke();
  if (look.shape === "ring") {
    context.lineWidth = radius * 0.6;
    context.strokeStyle = colour;
    context.beginPath();
    context.arc(0, 0, radius * 0.7, 0, 2 * Math.PI);
    context.stroke();
  } else {
    context.fillStyle = colour;
    context.fill();
  }
  if (pinned) {
    context.beginPath();
    context.arc(0, 0, radius * 1.65, 0, 2 * Math.PI);
    context.lineWidth = Math.max(1, radius * 0.28);
    context.strokeStyle = colour;
    context.stroke();
  }
}

function trace(context: CanvasRenderingContext2D, look: Look, radius: number): void {
  const corners = outline(look.shape);
  context.beginPath();
  if (corners) {
    for (const [x, y] of corners) context.lineTo(x * radius, y * radius);
    context.closePath();
  } else {
    context.arc(0, 0, radius, 0, 2 * Math.PI);
  }
}
