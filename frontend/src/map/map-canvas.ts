import { mdiFitToScreenOutline, mdiMinus, mdiPlus } from "@mdi/js";
import { select } from "d3-selection";
import "d3-transition";
import { type ZoomBehavior, zoom, zoomIdentity } from "d3-zoom";
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { fire } from "../fire.ts";
import type { Localize } from "../localize.ts";
import { base, hiddenText, tokens } from "../styles.ts";
import "../elements/icon-button.ts";
import { labelOrder } from "./labels.ts";
import { mapCanvasStyles } from "./map-canvas-styles.ts";
import type { Look } from "./palette.ts";
import { type Direction, layOut, nearest, next, type Point, within } from "./points.ts";
import { panTo, type Size, type Transform, viewOf } from "./projection.ts";
import { Pulses } from "./pulses.ts";
import { Painter, paintPulse, paintRing, type Scene } from "./scene.ts";
import { themeOf } from "./theme.ts";

const PADDING = 36;
const MAX_ZOOM = 60;
/** Milliseconds without a change after which `sm-view` is fired. */
const SETTLED = 150;
/** How near a pointer has to come, in pixels: fingers need more room. */
const REACH = { mouse: 12, touch: 26 };
/** Properties that change the picture, apart from the rings around what is pointed at. */
const SHOWS = ["points", "look", "hits", "filtered", "theme", "transform"];
/** Properties that change which points are in view. */
const MOVES = ["points", "filtered", "transform"];
const KEYS: Record<string, Direction> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

/** Whether people have asked their device for less motion. */
function isCalm(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * The points on a canvas that is panned, zoomed and walked through. Fires `sm-open` with a point's id, and `sm-view` with the
 * points in view, the middle first, once these stay as they are; `sm-theme` says whether the theme is dark.
 */
@customElement("sm-map-canvas")
export class SmMapCanvas extends LitElement {
  static override styles = [tokens, base, hiddenText, mapCanvasStyles];

  @property({ attribute: false }) t!: Localize;
  @property({ attribute: false }) points: readonly Point[] = [];
  @property({ attribute: false }) look!: (point: Point) => Look;
  /** What is said about a point below its value: its category and whose it is. */
  @property({ attribute: false }) about!: (point: Point) => string;
  /** Scores of the points that a search has found, best first; null without a search. */
  @property({ attribute: false }) hits: ReadonlyMap<Point, number> | null = null;
  /** Changes with the legend: which points are shown. */
  @property({ type: Number }) filtered = 0;
  /** Pan and zoom to begin with. */
  @property({ attribute: false }) start: Transform = zoomIdentity;
  /** Changes with Home Assistant's theme. */
  @property({ attribute: false }) theme: unknown;

  @state() private hovered: Point | null = null;
  /** Where the keyboard or a finger is. */
  @state() private active: Point | null = null;
  @state() private focused = false;
  @state() private transform: Transform = zoomIdentity;

  @query(".back") private back!: HTMLCanvasElement;
  @query(".front") private front!: HTMLCanvasElement;
  @query(".tip") private tip!: HTMLElement | null;

  private size: Size = { width: 0, height: 0 };
  private labels: Point[] = [];
  private scene: Scene | null = null;
  private painter: Painter | null = null;
  private behavior: ZoomBehavior<HTMLCanvasElement, unknown> | null = null;
  private resizes: ResizeObserver | null = null;
  private frame = 0;
  private readonly pulses = new Pulses();
  /** Whether the points have to be painted anew. */
  private stale = true;
  /** Whether the theme is dark; null before the first frame. */
  private dark: boolean | null = null;
  private settling = 0;
  private touched = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.resizes = new ResizeObserver(() => this.resized());
    this.resizes.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resizes?.disconnect();
    clearTimeout(this.settling);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  protected override firstUpdated(): void {
    const context = this.back.getContext("2d");
    this.painter = context && new Painter(context);
    this.behavior = zoom<HTMLCanvasElement, unknown>()
      .scaleExtent([1, MAX_ZOOM])
      .clickDistance(4)
      .on("zoom", (event: { transform: Transform }) => {
        this.transform = event.transform;
        this.hovered = null;
      });
    select(this.front).call(this.behavior).on("dblclick.zoom", null);
    this.resized();
    const { k, x, y } = this.start;
    this.behavior.transform(select(this.front), zoomIdentity.translate(x, y).scale(k));
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("points")) return;
    this.labels = labelOrder(this.points);
    this.hovered = null;
    this.active = this.points.find(({ id }) => id === this.active?.id) ?? null;
    if (this.size.width > 0) layOut(this.points, this.size, PADDING);
  }

  protected override updated(changed: PropertyValues): void {
    this.stale ||= SHOWS.some((name) => changed.has(name));
    this.requestFrame();
    this.placeTip();
    if (MOVES.some((name) => changed.has(name))) this.settle();
  }

  private requestFrame(): void {
    this.frame ||= requestAnimationFrame((now) => {
      this.frame = 0;
      this.paint(now);
    });
  }

  private settle(): void {
    clearTimeout(this.settling);
    this.settling = window.setTimeout(() => this.settled(), SETTLED);
  }

  private settled(): void {
    const { k, x, y } = this.transform;
    fire(this, "sm-view", { points: this.inView, transform: { k, x, y } });
  }

  private get inView(): Point[] {
    return within(this.points, viewOf(this.size, this.transform));
  }

  private resized(): void {
    const { clientWidth: width, clientHeight: height } = this;
    if (width === 0 || height === 0 || !this.behavior) return;
    const ratio = window.devicePixelRatio || 1;
    for (const canvas of [this.back, this.front]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.size = { width, height };
    this.behavior.extent([
      [0, 0],
      [width, height],
    ]);
    this.behavior.translateExtent([
      [-width / 4, -height / 4],
      [width * 1.25, height * 1.25],
    ]);
    layOut(this.points, this.size, PADDING);
    this.stale = true;
    this.settle();
    this.requestUpdate();
  }

  private paint(now: number): void {
    const front = this.front.getContext("2d");
    if (!front || !this.painter || this.size.width === 0) return;
    // A window that moves to another screen keeps its size.
    if (this.scene && window.devicePixelRatio !== this.scene.ratio) this.resized();
    const ratio = window.devicePixelRatio;
    if (this.stale || !this.scene) {
      this.scene = {
        points: this.points,
        size: this.size,
        transform: this.transform,
        ratio,
        theme: themeOf(this, front),
        look: this.look,
        hits: this.hits,
        labels: this.hits?.keys() ?? this.labels,
        label: (point) => point.key,
      };
      this.painter.paint(this.scene);
      this.stale = false;
      this.tellTheme(this.scene.theme.dark);
    }
    front.setTransform(ratio, 0, 0, ratio, 0, 0);
    front.clearRect(0, 0, this.size.width, this.size.height);
    if (this.walked) paintRing(front, this.scene, this.walked, true);
    if (this.hovered) paintRing(front, this.scene, this.hovered, false);
    const rings = this.pulses.at(now);
    for (const { point, age } of rings) paintPulse(front, this.scene, point, isCalm() ? 0.4 : age);
    if (rings.length) this.requestFrame();
  }

  private tellTheme(dark: boolean): void {
    if (dark === this.dark) return;
    this.dark = dark;
    fire(this, "sm-theme", { dark });
  }

  /** Lets rings spread from points for a moment: they have just been recalled. */
  pulse(points: readonly Point[]): void {
    this.pulses.add(points, performance.now());
    this.requestFrame();
  }

  /** Where the keyboard is, as long as it is on the map. */
  private get walked(): Point | null {
    return this.focused && this.active?.shown ? this.active : null;
  }

  /** The point that is told about. */
  private get told(): Point | null {
    return this.hovered ?? this.walked;
  }

  private placeTip(): void {
    const point = this.told;
    if (!this.tip || !point) return;
    const { k, x, y } = this.transform;
    const [left, top] = [point.x * k + x, point.y * k + y];
    const { offsetWidth: width, offsetHeight: height } = this.tip;
    const above = top - height - 16;
    const inside = (at: number, room: number): number => Math.min(Math.max(at, 8), Math.max(room - 8, 8));
    const shiftX = inside(left - width / 2, this.size.width - width);
    const shiftY = inside(above > 8 ? above : top + 16, this.size.height - height);
    this.tip.style.transform = `translate(${shiftX}px, ${shiftY}px)`;
  }

  private at(event: PointerEvent | MouseEvent): Point | null {
    const { left, top } = this.front.getBoundingClientRect();
    const { k, x, y } = this.transform;
    const reach = this.touched ? REACH.touch : REACH.mouse;
    return nearest(this.points, (event.clientX - left - x) / k, (event.clientY - top - y) / k, reach / k);
  }

  private moved(event: PointerEvent): void {
    if (event.pointerType !== "touch" && event.buttons === 0) this.hovered = this.at(event);
  }

  /** A mouse opens at once; a finger cannot hover, so that its first tap tells and the second one opens. */
  private clicked(event: MouseEvent): void {
    const point = this.at(event);
    if (point && (!this.touched || point === this.active)) fire(this, "sm-open", { id: point.id });
    this.active = point;
  }

  private pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = KEYS[event.key];
    if (direction) this.walk(direction);
    else if (event.key === "Enter" || event.key === " ") this.active && fire(this, "sm-open", { id: this.active.id });
    else if (event.key === "+" || event.key === "=") this.zoomBy(1.6);
    else if (event.key === "-") this.zoomBy(1 / 1.6);
    else if (event.key === "0" || event.key === "Home") this.reset();
    else if (event.key === "Escape" && this.active) this.active = null;
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private walk(direction: Direction): void {
    const from = this.active?.shown ? this.active : null;
    const to = from ? next(this.points, from, direction) : (this.inView[0] ?? nearest(this.points, 0, 0));
    if (to) this.goTo(to);
  }

  /** Puts the keyboard onto a point and brings it into view. */
  goTo(point: Point): void {
    this.hovered = null;
    this.active = point;
    const by = panTo(this.size, this.transform, point, 48);
    if (by && this.behavior) {
      const { k } = this.transform;
      this.behavior.translateBy(this.moving(), by.x / k, by.y / k);
    }
  }

  /** Rings a point that is pointed at elsewhere, and tells about it; null ends that. */
  mark(point: Point | null): void {
    this.hovered = point;
  }

  private zoomBy(factor: number): void {
    const { k, x, y } = this.transform;
    const around = this.active?.shown ? this.active : null;
    const middle: [number, number] | undefined = around ? [around.x * k + x, around.y * k + y] : undefined;
    this.behavior?.scaleBy(this.moving(), factor, middle);
  }

  reset(): void {
    this.behavior?.transform(this.moving(), zoomIdentity);
  }

  /** The canvas as d3 moves it: gently, unless people asked for less motion. */
  private moving() {
    return select(this.front)
      .transition()
      .duration(isCalm() ? 0 : 250);
  }

  private describe(point: Point): string {
    return `${point.key}: ${point.value}. ${this.about(point)}`;
  }

  protected override render() {
    const { t } = this;
    const told = this.told;
    return html`
      <canvas class="back" aria-hidden="true"></canvas>
      <canvas
        class="front ${this.hovered ? "over" : ""}"
        tabindex="0"
        role="application"
        aria-roledescription=${t("map.role")}
        aria-label=${t("map.label", { count: this.points.length })}
        aria-describedby="help"
        @pointerdown=${(event: PointerEvent) => {
          this.touched = event.pointerType === "touch";
        }}
        @pointermove=${this.moved}
        @pointerleave=${() => {
          this.hovered = null;
        }}
        @click=${this.clicked}
        @focus=${() => {
          this.focused = true;
        }}
        @blur=${() => {
          this.focused = false;
        }}
        @keydown=${this.pressed}
      ></canvas>
      <p id="help" class="sr">${t("map.keys")}</p>
      <p class="sr" aria-live="polite">${this.active?.shown ? this.describe(this.active) : nothing}</p>
      ${
        told
          ? html`<div class="tip" aria-hidden="true">
              <strong dir="auto">${told.key}</strong>
              <span dir="auto">${told.value}</span>
              <span class="more">${this.about(told)}</span>
              ${this.touched && told === this.active ? html`<span class="more">${t("map.tap_again")}</span>` : nothing}
            </div>`
          : nothing
      }
      <div class="buttons" role="group" aria-label=${t("map.view")}>
        <sm-icon-button boxed .path=${mdiPlus} .label=${t("map.zoom_in")} @click=${() => this.zoomBy(1.6)}></sm-icon-button>
        <sm-icon-button boxed .path=${mdiMinus} .label=${t("map.zoom_out")} @click=${() => this.zoomBy(1 / 1.6)}></sm-icon-button>
        <sm-icon-button boxed .path=${mdiFitToScreenOutline} .label=${t("map.reset")} @click=${() => this.reset()}></sm-icon-button>
      </div>
    `;
  }
}
