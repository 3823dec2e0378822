import { LOOKS, type Look, outline } from "./palette.ts";
import { type Stamp, stampOf } from "./stamps.ts";

/** The pictures of all looks on one canvas, each look once plain and, in the second row, with the ring of pinned memories. */
export interface GlyphSheet {
  canvas: HTMLCanvasElement;
  /** Side of one picture in pixels of the sheet. */
  cell: number;
  /** Side of one picture in pixels of the page. */
  side: number;
  /** The same pictures to be copied, row by row. */
  stamps: Stamp[];
  /** Colour of the card below as a pixel. */
  background: number;
}

export interface GlyphStyle {
  /** Radius in pixels of the page. */
  radius: number;
  ratio: number;
  dark: boolean;
  /** Colour of the card below. */
  background: string;
}

export function drawSheet(style: GlyphStyle): GlyphSheet {
  const side = Math.ceil(style.radius * 3.6) + 4;
  const cell = Math.ceil(side * style.ratio);
  const canvas = document.createElement("canvas");
  canvas.width = cell * LOOKS.length;
  canvas.height = cell * 2;
  const sheet: GlyphSheet = { canvas, cell, side, stamps: [], background: 0xffffffff };
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return sheet;
  context.fillStyle = style.background;
  context.fillRect(0, 0, 1, 1);
  sheet.background = (pixelsOf(context)[0] ?? 0) | 0xff000000;
  context.clearRect(0, 0, 1, 1);
  const cells = [0, 1].flatMap((row) => LOOKS.map((look, column) => ({ look, row, column })));
  for (const { look, row, column } of cells) {
    context.setTransform(style.ratio, 0, 0, style.ratio, (column + 0.5) * cell, (row + 0.5) * cell);
    drawGlyph(context, look, style, row === 1);
  }
  const image = { pixels: pixelsOf(context), width: canvas.width, height: canvas.height };
  sheet.stamps = cells.map(({ row, column }) => stampOf(image, column * cell, row * cell, cell));
  return sheet;
}

function pixelsOf(context: CanvasRenderingContext2D): Uint32Array {
  const { width, height } = context.canvas;
  return new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
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
