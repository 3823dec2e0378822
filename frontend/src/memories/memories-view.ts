import { mdiPlus } from "@mdi/js";
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { Filter, Hit, Memory } from "../api/types.ts";
import "../elements/button.ts";
import "../elements/dialog.ts";
import "../elements/spinner.ts";
import { counted } from "../localize.ts";
import "../memory/memory-view.ts";
import { mayPurge } from "../memory/owners.ts";
import { LiveController, type PanelContext } from "../panel/context.ts";
import { renderFailure } from "../panel/failure.ts";
import type { LiveEvent } from "../panel/live.ts";
import { base, hiddenText, scrolling, tokens } from "../styles.ts";
import "./add-dialog.ts";
import type { BulkAction } from "./bulk-bar.ts";
import "./bulk-bar.ts";
import { BulkActions } from "./bulk-actions.ts";
import "./bulk-dialog.ts";
import "./conditions.ts";
import "./filters.ts";
import "./first-run.ts";
import "./memory-list.ts";
import type { SmMemoryList } from "./memory-list.ts";
import { MemoriesModel } from "./model.ts";
import { renderNothing } from "./nothing.ts";
import { Selection } from "./selection.ts";
import "./toolbar.ts";
import type { SmMemoriesToolbar } from "./toolbar.ts";
import { countConditions, type ViewQuery, writeQuery } from "./view-query.ts";
import { viewStyles } from "./view-styles.ts";

/** Widths in pixels from which a memory is shown beside the list, and filters beside both. */
const WIDE = 880;
const ROOMY = 1_180;
const ROOMY_WITH_MEMORY = 1_480;

/** The memories of the person who is looked at: search, filters, list, and the one that is open beside it. */
@customElement("sm-memories-view")
export class SmMemoriesView extends LitElement {
  static override styles = [tokens, base, scrolling, hiddenText, viewStyles];

  @property({ attribute: false }) panel!: PanelContext;

  @state() private width = 0;
  /** Whether filters are shown: beside the list unless somebody closed them, else when somebody asks. */
  @state() private filtersBeside = localStorage.getItem(REMEMBER) !== "no";
  @state() private filtersOver = false;
  @state() private adding = false;

  @query("sm-memory-list") private list?: SmMemoryList;
  @query("sm-memories-toolbar") private toolbar?: SmMemoriesToolbar;

  private lastId?: string;
  private readonly model = new MemoriesModel(this);
  private readonly selection = new Selection(this);
  private readonly bulk = new BulkActions(this, this.selection, this.model);
  private readonly sizes = new ResizeObserver(([entry]) => {
    if (entry) this.width = entry.contentRect.width;
  });

  constructor() {
    super();
    new LiveController(this, (event) => this.onEvent(event));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.sizes.observe(this);
    window.addEventListener("keydown", this.onWindowKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sizes.disconnect();
    window.removeEventListener("keydown", this.onWindowKey);
  }

  private onEvent(event: LiveEvent): void {
    this.model.onEvent(event);
    if (event.kind !== "stale" && event.kind !== "status") this.selection.follow(event.memories, event.removed);
  }

  protected override updated(changed: PropertyValues<this>): void {
    const before = changed.get("panel")?.address.query;
    const { query } = this.panel.address;
    if (before && before.q !== query.q) this.list?.scrollToTop();
    if (this.lastId && !this.openId) this.list?.focus(); // whoever closes a memory goes on where they were
    this.lastId = this.openId;
    if (before && before.person !== query.person) this.selection.stop();
  }

  private get openId(): string | undefined {
    return this.panel.address.id;
  }

  private get wide(): boolean {
    return this.width >= WIDE;
  }

  private get roomy(): boolean {
    return this.width >= (this.openId ? ROOMY_WITH_MEMORY : ROOMY);
  }

  private onWindowKey = (event: KeyboardEvent): void => {
    const path = event.composedPath();
    const inDialog = path.some((target) => target instanceof HTMLDialogElement);
    if (event.defaultPrevented || inDialog || event.ctrlKey || event.metaKey || event.altKey) return;
    const [target] = path;
    const writes =
      target instanceof HTMLElement && (target.matches("input, textarea, select") || target.isContentEditable);
    if (event.key === "/" && !writes && this.toolbar) {
      event.preventDefault();
      this.toolbar.focusSearch();
    } else if (event.key === "Escape" && path.includes(this)) this.onEscape();
  };

  private onEscape(): void {
    if (this.selection.active) this.selection.stop();
    else if (this.openId) this.panel.go({});
    else if (this.model.query.text) this.change({ text: "" });
  }

  /** Puts another query into the address; what is typed replaces the address, so that "back" leaves the search. */
  private change(change: Partial<ViewQuery>): void {
    const { person = "" } = this.panel.address.query;
    const query = { ...writeQuery({ ...this.model.query, ...change }), person };
    this.panel.go({ id: this.openId, query }, "text" in change && this.model.query.text !== "");
  }

  private open(memory: Memory): void {
    this.panel.go({ id: memory.id }, this.openId !== undefined);
  }

  private toggleFilters = (): void => {
    if (!this.roomy) this.filtersOver = true;
    else {
      this.filtersBeside = !this.filtersBeside;
      localStorage.setItem(REMEMBER, this.filtersBeside ? "yes" : "no");
    }
  };

  protected override render() {
    const { model } = this;
    const id = this.openId;
    const empty = model.facets?.total === 0 && model.facets.forgotten === 0 && model.count === 0;
    if (empty && !id && !countConditions(model.query.filter) && !model.recalls && model.loaded)
      return this.renderFirstRun();
    return html`
      <div class="view">
        ${this.roomy && this.filtersBeside ? html`<aside class="filters scroll" aria-label=${this.panel.t("filters.heading")}>${this.renderFilters()}</aside>` : nothing}
        ${this.renderList()}
        ${
          id
            ? html`<aside class="memory" aria-label=${this.panel.t("memory.heading")}>
                <sm-memory-view .panel=${this.panel} .memoryId=${id} .beside=${this.wide} .knownTags=${this.knownTags}></sm-memory-view>
              </aside>`
            : nothing
        }
      </div>
      ${this.renderDialogs()}
    `;
  }

  private get knownTags(): string[] {
    return (this.model.facets?.tags ?? []).map(({ tag }) => tag);
  }

  private renderFirstRun() {
    return html`<sm-first-run .panel=${this.panel} class="scroll"></sm-first-run>`;
  }

  private renderFilters() {
    return html`<sm-filters
      .panel=${this.panel}
      .filter=${this.model.query.filter}
      .facets=${this.model.facets}
      @sm-change=${(event: CustomEvent<{ filter: Filter }>) => this.change({ filter: event.detail.filter })}
    ></sm-filters>`;
  }

  private renderList() {
    const { model, selection, panel } = this;
    const { t } = panel;
    const compact = this.width < WIDE || (this.openId !== undefined && this.width < ROOMY_WITH_MEMORY);
    const total = model.searchable;
    return html`<section class="list ${this.openId && !this.wide ? "behind" : ""}" aria-label=${t("panel.memories")}>
      ${
        selection.active
          ? html`<sm-bulk-bar
              .panel=${panel}
              .count=${selection.memories.size}
              .purgeable=${mayPurge(
                panel,
                [...selection.memories.values()].map(({ owner }) => owner),
              )}
              .forgotten=${model.query.filter.forgotten ?? false}
              .compact=${compact}
              .busy=${this.bulk.busy}
              @sm-close=${selection.stop}
              @sm-all=${this.bulk.selectAll}
              @sm-action=${(event: CustomEvent<{ value: BulkAction }>) => this.bulk.run(event.detail.value)}
            ></sm-bulk-bar>`
          : html`<sm-memories-toolbar
              .panel=${panel}
              .query=${model.query}
              .compact=${compact}
              .searching=${model.searching}
              .filtersOpen=${this.roomy ? this.filtersBeside : this.filtersOver}
              .placeholder=${total === undefined ? t("memories.search") : counted(panel, "memories.search_count", total)}
              @sm-query=${(event: CustomEvent<Partial<ViewQuery>>) => this.change(event.detail)}
              @sm-filters=${this.toggleFilters}
              @sm-select-mode=${() => selection.start()}
              @sm-to-list=${() => this.list?.focus()}
            ></sm-memories-toolbar>`
      }
      <sm-conditions
        .panel=${panel}
        .query=${model.query}
        .text=${this.summary}
        @sm-change=${(event: CustomEvent<{ filter: Filter }>) => this.change({ filter: event.detail.filter })}
      ></sm-conditions>
      ${this.renderRows()}
      ${
        selection.active || !panel.info.can_change
          ? nothing
          : html`<button type="button" class="fab" @click=${() => {
              this.adding = true;
            }}>
              <sm-icon .path=${mdiPlus}></sm-icon>${t("add.heading")}
            </button>`
      }
    </section>`;
  }

  /** What is shown, in one line. */
  private get summary(): string {
    const { format } = this.panel;
    const { model } = this;
    if (!model.loaded || model.error) return "";
    if (!model.recalls) return counted(this.panel, "memories.count", model.count);
    const ms = format.number(Math.max(1, Math.round(model.search?.took_ms ?? 0)));
    return counted(this.panel, model.search?.model ? "memories.found" : "memories.found_words", model.count, { ms });
  }

  private renderRows() {
    const { model, panel, selection } = this;
    const { t } = panel;
    if (model.error && !model.count) return renderFailure(panel, model.error, model.refresh);
    if (!model.loaded) return html`<div class="wait"><sm-spinner .label=${t("common.loading")}></sm-spinner></div>`;
    if (!model.count) return renderNothing(panel, model, (change) => this.change(change));
    return html`<sm-memory-list
      .panel=${panel}
      .source=${model.source}
      .selecting=${selection.active}
      .selected=${selection.set}
      .collapsed=${model.collapsed}
      .current=${this.openId}
      .sort=${model.query.sort}
      .group=${model.query.group}
      .label=${t("panel.memories")}
      @sm-open=${(event: CustomEvent<{ memory: Memory }>) => this.open(event.detail.memory)}
      @sm-toggle=${(event: CustomEvent<{ memory: Memory | Hit; offset: number; range: boolean }>) => {
        const { memory, offset, range } = event.detail;
        selection.toggle(memory, offset, range, (at) => model.source.at(at));
      }}
      @sm-collapse=${(event: CustomEvent<{ value: string }>) => model.collapse(event.detail.value)}
    ></sm-memory-list>`;
  }

  private renderDialogs() {
    const { panel, bulk } = this;
    const { t } = panel;
    const over = this.filtersOver && !this.roomy;
    return html`
      <sm-dialog
        .open=${over}
        .heading=${t("filters.heading")}
        .closeLabel=${t("common.close")}
        @sm-close=${() => {
          this.filtersOver = false;
        }}
      >
        ${over ? this.renderFilters() : nothing}
        <sm-button slot="actions" ?disabled=${!countConditions(this.model.query.filter)} @click=${() => this.change({ filter: {} })}>${t("filters.clear")}</sm-button>
        <sm-button slot="actions" variant="filled" @click=${() => {
          this.filtersOver = false;
        }}>${this.summary || t("common.done")}</sm-button>
      </sm-dialog>
      <sm-add-dialog
        .panel=${panel}
        .open=${this.adding}
        .knownTags=${this.knownTags}
        @sm-closed=${() => {
          this.adding = false;
        }}
      ></sm-add-dialog>
      <sm-bulk-dialog
        .panel=${panel}
        .question=${bulk.question}
        .memories=${[...this.selection.memories.values()]}
        .knownTags=${this.knownTags}
        @sm-closed=${bulk.dismiss}
        @sm-done=${bulk.done}
      ></sm-bulk-dialog>
    `;
  }
}

const REMEMBER = "semantic-memory-filters";
