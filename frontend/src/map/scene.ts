import { drawSheet, type GlyphSheet, type GlyphStyle } from "./glyphs.ts";
import { type Label, placeLabels } from "./labels.ts";
import { LOOKS, type Look } from "./palette.ts";
import type { Point } from "./points.ts";
import { radiusOf, type Size, type Transform } from "./projection.ts";
import { press } from "./stamps.ts";

/** What a frame shows. */
export interface Scene {
  points: readonly Point[];
  size: Size;
  transform: Transform;
  /** Device pixels in one of the page. */
  ratio: number;
  theme: Theme;
  look: (point: Point) => Look;
  /** Scores of the points that a search has found, best first; all others fade. Null without a search. */
  hits: ReadonlyMap<Point, number> | null;
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
  private image: ImageData | null = null;
  private readonly widths = new Map<string, number>();
  private font = "";

  constructor(private readonly context: CanvasRenderingContext2D) {}

  paint(scene: Scene): void {
    const { context } = this;
    const { size, ratio, theme } = scene;
    context.setTransform(1, 0, 0, 1, 0, 0);
    const radius = radiusOf(scene.points.length, scene.transform.k);
    this.stampPoints(scene, radius);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (scene.hits) {
      context.globalAlpha = 1 - FADED;
      context.fillStyle = theme.background;
      context.fillRect(0, 0, size.width, size.height);
      context.globalAlpha = 1;
      this.paintHalos(scene, scene.hits, (radius + 3) * 1.9);
      this.paintHits(scene, [...scene.hits.keys()].reverse(), radius + 3);
    }
    this.paintLabels(scene, radius + (scene.hits ? 3 : 0));
  }

  /** Puts all points onto the canvas, pixel by pixel. */
  private stampPoints(scene: Scene, radius: number): void {
    const { width, height } = this.context.canvas;
    if (this.image?.width !== width || this.image.height !== height) this.image = new ImageData(width, height);
    const image = { pixels: new Uint32Array(this.image.data.buffer), width, height };
    const { stamps, cell, background } = this.sheetFor({ ...scene.theme, radius, ratio: scene.ratio });
    image.pixels.fill(background);
    const k = scene.transform.k * scene.ratio;
    const shiftX = scene.transform.x * scene.ratio - cell / 2;
    const shiftY = scene.transform.y * scene.ratio - cell / 2;
    for (const point of scene.points) {
      if (!point.shown) continue;
      const stamp = stamps[(point.pinned ? LOOKS.length : 0) + LOOKS.indexOf(scene.look(point))];
      if (stamp) press(image, stamp, Math.round(point.x * k + shiftX), Math.round(point.y * k + shiftY));
    }
    this.context.putImageData(this.image, 0, 0);
  }

  private paintHits(scene: Scene, points: readonly Point[], radius: number): void {
    const { canvas, cell, side } = this.sheetFor({ ...scene.theme, radius, ratio: scene.ratio });
    const { k, x, y } = scene.transform;
    for (const point of points) {
      if (!point.shown) continue;
      const [left, top] = [point.x * k + x - side / 2, point.y * k + y - side / 2];
      const column = LOOKS.indexOf(scene.look(point));
      this.context.drawImage(canvas, column * cell, point.pinned ? cell : 0, cell, cell, left, top, side, side);
    }
  }

  /** The better a hit, the brighter its halo. */
  private paintHalos(scene: Scene, hits: ReadonlyMap<Point, number>, radius: number): void {
    const { context } = this;
    const { k, x, y } = scene.transform;
    const best = Math.max(...hits.values());
    context.fillStyle = scene.theme.accent;
    for (const [point, score] of hits) {
      if (!point.shown) continue;
      context.globalAlpha = 0.08 + 0.4 * (score / best) ** 2;
      context.beginPath();
      context.arc(point.x * k + x, point.y * k + y, radius, 0, 2 * Math.PI);
      context.fill();
    }
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
  const radius = radiusOf(scene.points.length, k) + (scene.hits?.has(point) ? 7 : 5);
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

/** Draws a ring that spreads from a point and fades with its age, 0..1. */
export function paintPulse(context: CanvasRenderingContext2D, scene: Scene, point: Point, age: number): void {
  const { k, x, y } = scene.transform;
  context.beginPath();
  context.arc(point.x * k + x, point.y * k + y, radiusOf(scene.points.length, k) + 4 + 22 * age, 0, 2 * Math.PI);
  context.lineWidth = 3;
  context.strokeStyle = scene.theme.accent;
  context.globalAlpha = 1 - age;
  context.stroke();
  context.globalAlpha = 1;
}

function shortened(text: string): string {
  const letters = Array.from(text);
  return letters.length > MAX_LABEL ? `${letters.slice(0, MAX_LABEL - 1).join("")}…` : text;
}
