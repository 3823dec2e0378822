import { drawSheet, type GlyphSheet, type GlyphStyle } from "./glyphs.ts";
import { type Label, placeLabels } from "./labels.ts";
import { LOOKS, type Look } from "./palette.ts";
import type { Point } from "./points.ts";
import { radiusOf, type Size, type Transform } from "./projection.ts";

/** What a frame shows. */
export interface Scene {
  points: readonly Point[];
  size: Size;
  transform: Transform;
  /** Device pixels in one of the page. */
  ratio: number;
  theme: Theme;
  look: (point: Point) => Look;
  /** Hits of a search, best first; all others fade. Null without a search. */
  hits: readonly Point[] | null;
  labels: Iterable<Point>;
  label: (point: Point) => string;
}

export interface Theme {
  dark: boolean;
  background: string;
  text: string;
  accent: string;
  font: string;
}

const FADED = 0.16;
const FONT_SIZE = 12;
const MAX_LABEL = 28;
/** Sizes of glyphs that are kept: a zoom goes through a dozen of them. */
const MAX_SHEETS = 24;

/** Draws scenes onto a canvas, and keeps from frame to frame what does not change with pan and zoom. */
export class Painter {
  private readonly sheets = new Map<string, GlyphSheet>();
  private readonly widths = new Map<string, number>();
  private font = "";

  constructor(private readonly context: CanvasRenderingContext2D) {}

  paint(scene: Scene): void {
    const { context } = this;
    const { size, ratio } = scene;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    const radius = radiusOf(scene.points.length, scene.transform.k);
    context.globalAlpha = scene.hits ? FADED : 1;
    this.paintPoints(scene, scene.points, radius);
    context.globalAlpha = 1;
    if (scene.hits) {
      this.paintHalos(scene, radius + 3);
      this.paintPoints(scene, [...scene.hits].reverse(), radius + 3);
    }
    this.paintLabels(scene, radius + (scene.hits ? 3 : 0));
  }

  private paintPoints(scene: Scene, points: readonly Point[], radius: number): void {
    const { canvas, cell, side } = this.sheetFor({ ...scene.theme, radius, ratio: scene.ratio });
    const { k, x, y } = scene.transform;
    const { width, height } = scene.size;
    const half = side / 2;
    const columns = new Map(LOOKS.map((look, column) => [look, column * cell]));
    for (const point of points) {
      if (!point.shown) continue;
      const left = point.x * k + x - half;
      const top = point.y * k + y - half;
      if (left < -side || top < -side || left > width || top > height) continue;
      const column = columns.get(scene.look(point)) ?? 0;
      this.context.drawImage(canvas, column, point.pinned ? cell : 0, cell, cell, left, top, side, side);
    }
  }

  private paintHalos(scene: Scene, radius: number): void {
    const { context } = this;
    const { k, x, y } = scene.transform;
    context.beginPath();
    for (const point of scene.hits ?? []) {
      if (!point.shown) continue;
      context.moveTo(point.x * k + x + radius * 1.9, point.y * k + y);
      context.arc(point.x * k + x, point.y * k + y, radius * 1.9, 0, 2 * Math.PI);
    }
    context.fillStyle = scene.theme.accent;
    context.globalAlpha = 0.25;
    context.fill();
    context.globalAlpha = 1;
  }

  private paintLabels(scene: Scene, radius: number): void {
    const { context } = this;
    const { transform, theme, size } = scene;
    this.useFont(theme.font);
    const space = { ...size, line: FONT_SIZE + 6, gap: radius + 5, limit: Math.ceil(size.width / 24) };
    const text = (point: Point): string => shortened(scene.label(point));
    const labels = placeLabels(
      scene.labels,
      (point) => ({ x: point.x * transform.k + transform.x, y: point.y * transform.k + transform.y }),
      (point) => this.widthOf(text(point)),
      space,
    );
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = 3;
    context.strokeStyle = theme.background;
    context.fillStyle = theme.text;
    for (const label of labels) this.paintLabel(label, text(label.point));
  }

  private paintLabel({ x, y, before }: Label, text: string): void {
    this.context.textAlign = before ? "right" : "left";
    this.context.strokeText(text, x, y);
    this.context.fillText(text, x, y);
  }

  private useFont(family: string): void {
    const font = `${FONT_SIZE}px ${family}`;
    if (font !== this.font) this.widths.clear();
    this.font = font;
    this.context.font = font;
  }

  private widthOf(text: string): number {
    let width = this.widths.get(text);
    if (width === undefined) {
      width = this.context.measureText(text).width;
      this.widths.set(text, width);
    }
    return width;
  }

  private sheetFor(style: GlyphStyle): GlyphSheet {
    const { radius, ratio, dark, background } = style;
    const key = `${radius} ${ratio} ${dark} ${background}`;
    let sheet = this.sheets.get(key);
    if (!sheet) {
      if (this.sheets.size >= MAX_SHEETS) this.sheets.clear();
      sheet = drawSheet(style);
      this.sheets.set(key, sheet);
    }
    return sheet;
  }
}

/** Draws the ring around a point: `strong` for the one that the keyboard is on. */
export function paintRing(context: CanvasRenderingContext2D, scene: Scene, point: Point, strong: boolean): void {
  const { k, x, y } = scene.transform;
  const radius = radiusOf(scene.points.length, k) + (scene.hits?.includes(point) ? 7 : 5);
  for (const [width, colour] of [
    [strong ? 6 : 4, scene.theme.background],
    [strong ? 3 : 2, strong ? scene.theme.accent : scene.theme.text],
  ] as const) {
    context.beginPath();
    context.arc(point.x * k + x, point.y * k + y, radius, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
}

function shortened(text: string): string {
  const letters = Array.from(text);
  return letters.length > MAX_LABEL ? `${letters.slice(0, MAX_LABEL - 1).join("")}…` : text;
}
