import { mdiGraphOutline, mdiMagnify } from "@mdi/js";
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { Api } from "../api/client.ts";
import type { Atlas, EngineStatus, Hit } from "../api/types.ts";
import "../elements/button.ts";
import "../elements/empty.ts";
import "../elements/segments.ts";
import "../elements/spinner.ts";
import "../elements/text-field.ts";
import { LiveController, type PanelContext } from "../panel/context.ts";
import { renderFailure } from "../panel/failure.ts";
import type { LiveEvent } from "../panel/live.ts";
import { base, hiddenText, tokens } from "../styles.ts";
import { type Colouring, kindsOf, lookFor } from "./kinds.ts";
import "./legend.ts";
import "./map-canvas.ts";
import type { SmMapCanvas } from "./map-canvas.ts";
import "./map-list.ts";
import type { Row } from "./map-list.ts";
import { mapStyles } from "./map-styles.ts";
import type { Look } from "./palette.ts";
import { type Point, pointsOf } from "./points.ts";
import type { Transform } from "./projection.ts";

/** Milliseconds after the last letter until the map is searched. */
const TYPED = 250;
/** Milliseconds after a change until the map is drawn anew: one import makes one new map. */
const CHANGED = 1_500;
const MAX_HITS = 50;
const MAX_ROWS = 60;

interface Left {
  colouring: Colouring;
  chosen: ReadonlySet<string>;
  sought: string;
  transform: Transform;
}

/** How the map was left, by the person that was looked at: whoever comes back from a memory finds it as it was. */
const left = new Map<string, Left>();

/** The atlas: all memories on a plane, by what they mean. */
@customElement("sm-map-view")
export class SmMapView extends LitElement {
  static override styles = [tokens, base, hiddenText, mapStyles];

  @property({ attribute: false }) panel!: PanelContext;

  @state() private atlas: Atlas | null = null;
  @state() private failure: unknown = null;
  @state() private points: Point[] = [];
  @state() private colouring: Colouring = "category";
  @state() private chosen: ReadonlySet<string> = new Set();
  @state() private filtered = 0;
  @state() private sought = "";
  @state() private hits: Hit[] | null = null;
  @state() private inView: Point[] = [];
  @state() private dark = false;

  @query("sm-map-canvas") private canvas!: SmMapCanvas | null;

  private transform: Transform = { k: 1, x: 0, y: 0 };
  private api?: Api;
  private look!: (point: Point) => Look;
  private hitPoints: Map<Point, number> | null = null;
  private byId = new Map<string, Point>();
  private typing = 0;
  private changing = 0;

  constructor() {
    super();
    new LiveController(this, (event) => this.happened(event));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.typing);
    clearTimeout(this.changing);
    const { colouring, chosen, sought, transform } = this;
    left.set(this.panel.userId, { colouring, chosen, sought, transform });
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (this.panel.api !== this.api) {
      this.api = this.panel.api;
      this.atlas = null;
      this.hits = null;
      Object.assign(this, left.get(this.panel.userId));
      void this.load();
      if (this.sought) void this.search();
    }
    if (changed.has("hits") || changed.has("points")) this.hitPoints = this.hits && this.onMap(this.hits);
    if (changed.has("panel") || changed.has("colouring")) {
      const people = this.panel.info.people.map(({ user_id }) => user_id);
      this.look = lookFor(this.colouring, people);
    }
  }

  private load = async (): Promise<void> => {
    const api = this.panel.api;
    this.failure = null;
    try {
      const atlas = await api.atlas();
      if (api !== this.panel.api) return;
      this.atlas = atlas;
      this.points = pointsOf(atlas.points);
      this.byId = new Map(this.points.map((point) => [point.id, point]));
      this.filter(this.chosen);
    } catch (reason) {
      if (api !== this.panel.api) return;
      if (this.atlas) this.panel.fail(reason);
      else this.failure = reason;
    }
  };

  private happened(event: LiveEvent): void {
    if (event.kind === "recall") {
      this.canvas?.pulse(event.memories.flatMap(({ id }) => this.byId.get(id) ?? []));
      return;
    }
    if (event.kind === "status" && !this.isOutdatedBy(event.status)) return;
    clearTimeout(this.changing);
    this.changing = window.setTimeout(() => {
      void this.load();
      if (this.hits) void this.search();
    }, CHANGED);
  }

  /** Whether all memories have been read by now, or another model serves. */
  private isOutdatedBy({ pending, model }: EngineStatus): boolean {
    return this.atlas !== null && ((this.atlas.missing > 0 && pending === 0) || model !== this.atlas.model);
  }

  private typed(value: string): void {
    this.sought = value;
    clearTimeout(this.typing);
    if (value.trim()) this.typing = window.setTimeout(() => void this.search(), TYPED);
    else this.hits = null;
  }

  private async search(): Promise<void> {
    const { api } = this.panel;
    const sought = this.sought.trim();
    try {
      const { hits } = await api.search({ query: sought, limit: MAX_HITS });
      if (sought === this.sought.trim() && api === this.panel.api) this.hits = hits;
    } catch (reason) {
      this.panel.fail(reason);
    }
  }

  private filter(chosen: ReadonlySet<string>): void {
    this.chosen = chosen;
    for (const point of this.points) point.shown = chosen.size === 0 || chosen.has(point[this.colouring]);
    this.filtered++;
  }

  private open(id: string): void {
    this.panel.go({ tab: "memories", id, query: {} });
  }

  private about = (point: Point): string => {
    const { t } = this.panel;
    const parts = [t(`category.${point.category}`), this.panel.ownerName(point.owner)];
    return (point.pinned ? [...parts, t("map.pinned")] : parts).join(" · ");
  };

  /** The hits that are on the map with their scores, best first. */
  private onMap(hits: readonly Hit[]): Map<Point, number> {
    const found = new Map<Point, number>();
    for (const { id, score } of hits) {
      const point = this.byId.get(id);
      if (point) found.set(point, score);
    }
    return found;
  }

  protected override render() {
    const { atlas, panel } = this;
    if (this.failure) return html`<div class="page">${renderFailure(panel, this.failure, this.load)}</div>`;
    if (!atlas)
      return html`<div class="page"><div class="wait"><sm-spinner .label=${panel.t("map.loading")}></sm-spinner></div></div>`;
    if (this.points.length === 0) return html`<div class="page">${this.renderEmpty(atlas)}</div>`;
    return html`<div class="page">
      ${this.renderBar()}
      <div class="area">
        <section class="stage">
          <sm-map-canvas
            .t=${panel.t}
            .points=${this.points}
            .look=${this.look}
            .about=${this.about}
            .hits=${this.hitPoints}
            .filtered=${this.filtered}
            .theme=${panel.hass.themes}
            @sm-open=${(event: CustomEvent<{ id: string }>) => this.open(event.detail.id)}
            .start=${this.transform}
            @sm-view=${(event: CustomEvent<{ points: Point[]; transform: Transform }>) => {
              this.inView = event.detail.points;
              this.transform = event.detail.transform;
            }}
            @sm-theme=${(event: CustomEvent<{ dark: boolean }>) => {
              this.dark = event.detail.dark;
            }}
          ></sm-map-canvas>
          <div class="notes">${this.renderNotes(atlas)}</div>
        </section>
        <aside>${this.renderLegend()} ${this.renderList()} ${this.renderAbout(atlas)}</aside>
      </div>
    </div>`;
  }

  private renderEmpty(atlas: Atlas) {
    const { t, go } = this.panel;
    const link = (
      tab: "memories" | "status",
    ) => html`<sm-button variant="filled" @click=${() => go({ tab, query: {} })}>
      ${t(tab === "status" ? "map.see_status" : "map.add")}
    </sm-button>`;
    if (atlas.total === 0) {
      return html`<sm-empty .icon=${mdiGraphOutline} .heading=${t("map.empty")} .text=${t("map.empty_text")}>${link("memories")}</sm-empty>`;
    }
    return html`<sm-empty .icon=${mdiGraphOutline} .heading=${t("map.no_vectors")} .text=${t("map.no_vectors_text")}>${link("status")}</sm-empty>`;
  }

  private renderBar() {
    const { t } = this.panel;
    return html`<div class="bar">
      <sm-text-field
        type="search"
        unlabelled
        .label=${t("map.search")}
        .placeholder=${t("map.search")}
        .icon=${mdiMagnify}
        .clearLabel=${t("map.clear")}
        .value=${this.sought}
        @sm-input=${(event: CustomEvent<{ value: string }>) => this.typed(event.detail.value)}
      ></sm-text-field>
      <sm-segments
        .label=${t("map.colour_by")}
        .value=${this.colouring}
        .segments=${[{ value: "category", label: t("map.by_category") }, { value: "owner", label: t("map.by_person") }]}
        @sm-change=${(event: CustomEvent<{ value: Colouring }>) => {
          this.colouring = event.detail.value;
          this.filter(new Set());
        }}
      ></sm-segments>
    </div>`;
  }

  private renderNotes(atlas: Atlas) {
    const { t, format } = this.panel;
    const shown = this.points.length;
    const beyond = atlas.total - atlas.missing - shown;
    return html`
      ${beyond > 0 ? html`<p>${t("map.limited", { shown: format.number(shown), total: format.number(atlas.total) })}</p>` : nothing}
      ${atlas.missing > 0 ? html`<p>${t("map.missing", { count: format.number(atlas.missing) })}</p>` : nothing}
    `;
  }

  private renderLegend() {
    const { format, t } = this.panel;
    return html`<sm-map-legend
      .t=${t}
      .kinds=${kindsOf(this.points, this.colouring, this.look, (value) => this.kindName(value), format)}
      .chosen=${this.chosen}
      .dark=${this.dark}
      @sm-change=${(event: CustomEvent<{ chosen: ReadonlySet<string> }>) => this.filter(event.detail.chosen)}
    ></sm-map-legend>`;
  }

  private kindName(point: Point): string {
    return this.colouring === "owner" ? this.panel.ownerName(point.owner) : this.panel.t(`category.${point.category}`);
  }

  private renderList() {
    const { t, format } = this.panel;
    const { hits } = this;
    const onMap = this.hitPoints;
    const found = [...(onMap ?? [])].filter(([{ shown }]) => shown);
    const rows: Row[] = onMap
      ? found.map(([point, score]) => ({ point, score: format.percent(score) }))
      : this.inView.slice(0, MAX_ROWS).map((point) => ({ point }));
    const total = format.number(this.inView.length);
    const count =
      this.inView.length > rows.length ? t("map.in_view_count", { shown: format.number(rows.length), total }) : total;
    const elsewhere = (hits?.length ?? 0) - (onMap?.size ?? 0);
    return html`<sm-map-list
        .t=${t}
        .heading=${hits ? this.foundText(found.length) : t("map.in_view")}
        .count=${hits ? "" : count}
        .rows=${rows}
        .none=${hits ? "" : t("map.nothing_in_view")}
        .look=${this.look}
        .dark=${this.dark}
        @sm-open=${(event: CustomEvent<{ id: string }>) => this.open(event.detail.id)}
        @sm-point=${(event: CustomEvent<{ point: Point | null }>) => this.canvas?.mark(event.detail.point)}
      ></sm-map-list>
      ${elsewhere > 0 ? html`<p class="elsewhere">${t("map.found_elsewhere", { count: format.number(elsewhere) })}</p>` : nothing}
      <p class="sr" role="status">${hits ? this.foundText(found.length) : nothing}</p>`;
  }

  private foundText(count: number): string {
    const { t, format } = this.panel;
    return count ? t("map.found", { count: format.number(count) }) : t("map.nothing_found");
  }

  private renderAbout(atlas: Atlas) {
    const { t, format } = this.panel;
    return html`<details class="about">
      <summary>${t("map.about")}</summary>
      <p>${t("map.explain", { share: format.percent(atlas.explained) })}</p>
    </details>`;
  }
}
