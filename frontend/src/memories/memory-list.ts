import { mdiChevronDown, mdiChevronUp } from "@mdi/js";
import { VirtualizerController } from "@tanstack/lit-virtual";
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import type { GroupKey, Hit, Memory, SortKey } from "../api/types.ts";
import "../elements/icon.ts";
import { fire } from "../fire.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, scrolling, tokens } from "../styles.ts";
import { groupLabel } from "./labels.ts";
import { listStyles } from "./list-styles.ts";
import { HEIGHT, renderBadge, renderEnd, renderText, rowStyles } from "./memory-row.ts";
import type { Rows } from "./rows.ts";

export interface ListSource {
  rows: Rows;
  at(offset: number): Memory | Hit | undefined;
  /** Says which offsets are in sight. */
  want(first: number, last: number): void;
}

/** Below this width, in pixels, a line shows two lines of its value. */
const COMPACT = 620;

/**
 * The list itself: only the lines in sight are on the page. Fires `sm-open` (a memory), `sm-toggle` (selecting, with `range` up from the
 * last one) and `sm-collapse` (a group).
 */
@customElement("sm-memory-list")
export class SmMemoryList extends LitElement {
  static override styles = [tokens, base, scrolling, rowStyles, listStyles];

  @property({ attribute: false }) panel!: PanelContext;
  @property({ attribute: false }) source!: ListSource;
  @property({ attribute: false }) selected: ReadonlySet<string> = new Set();
  @property({ attribute: false }) collapsed: ReadonlySet<string> = new Set();
  @property({ type: Boolean }) selecting = false;
  /** Id of the memory that is open. */
  @property() current?: string;
  @property() sort: SortKey = "updated";
  @property() group?: GroupKey;
  @property() label = "";

  @state() private active = 0;
  @state() private compact = false;
  @query(".scroll") private scroller?: HTMLElement;

  private readonly virtual = new VirtualizerController<HTMLElement, HTMLElement>(this, {
    count: 0,
    getScrollElement: () => this.scroller ?? null,
    estimateSize: (index) => this.heightOf(index),
    overscan: 8,
    paddingEnd: 88, // what floats above the end must not hide it
  });
  private readonly sizes = new ResizeObserver(([entry]) => {
    if (!entry) return;
    this.compact = entry.contentRect.width < COMPACT;
  });

  /** Puts the focus on the list. */
  override focus(): void {
    this.scroller?.focus();
  }

  scrollToTop(): void {
    this.active = 0;
    this.virtual.getVirtualizer().scrollToOffset(0);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.sizes.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sizes.disconnect();
  }

  private heightOf(index: number): number {
    if (this.source.rows.at(index).kind === "group") return HEIGHT.group;
    return this.compact ? HEIGHT.compact : HEIGHT.wide;
  }

  protected override willUpdate(changed: PropertyValues): void {
    const virtualizer = this.virtual.getVirtualizer();
    const { count } = this.source.rows;
    this.active = Math.max(0, Math.min(this.active, count - 1));
    const before = changed.get("source") as ListSource | undefined;
    const others = changed.has("source") && before?.rows !== this.source.rows;
    if (!others && !changed.has("compact")) return; // measuring renders again: only where heights may differ
    virtualizer.setOptions({ ...virtualizer.options, count });
    virtualizer.measure();
  }

  protected override updated(): void {
    const items = this.virtual.getVirtualizer().getVirtualItems();
    const offsets = items
      .map(({ index }) => this.source.rows.at(index))
      .flatMap((row) => (row.kind === "memory" ? [row.offset] : []));
    this.source.want(offsets[0] ?? 0, offsets.at(-1) ?? 0);
  }

  private memoryAt(index: number): Memory | Hit | undefined {
    const row = index < this.source.rows.count ? this.source.rows.at(index) : undefined;
    return row?.kind === "memory" ? this.source.at(row.offset) : undefined;
  }

  private activate(index: number): void {
    this.active = Math.max(0, Math.min(index, this.source.rows.count - 1));
    this.virtual.getVirtualizer().scrollToIndex(this.active, { align: "auto" });
  }

  private onKey = (event: KeyboardEvent): void => {
    if (event.altKey || event.metaKey) return;
    const page = Math.max(1, Math.floor((this.scroller?.clientHeight ?? 0) / HEIGHT.compact));
    const to = {
      ArrowDown: this.active + 1,
      ArrowUp: this.active - 1,
      PageDown: this.active + page,
      PageUp: this.active - page,
      Home: 0,
      End: this.source.rows.count - 1,
    }[event.key];
    if (to !== undefined) {
      this.activate(to);
      if (event.shiftKey) this.toggle(this.active, false);
    } else if (event.key === "Enter") this.press(this.active, event);
    else if (event.key === " ") this.toggle(this.active, event.shiftKey);
    else return;
    event.preventDefault();
  };

  private press(index: number, event: MouseEvent | KeyboardEvent): void {
    const row = this.source.rows.at(index);
    this.active = index;
    if (row?.kind === "group") fire(this, "sm-collapse", { value: row.value });
    else if (this.selecting || event.ctrlKey || event.shiftKey) this.toggle(index, event.shiftKey);
    else {
      const memory = this.memoryAt(index);
      if (memory) fire(this, "sm-open", { memory });
    }
  }

  private toggle(index: number, range: boolean): void {
    const row = this.source.rows.at(index);
    const memory = this.memoryAt(index);
    if (memory && row.kind === "memory") fire(this, "sm-toggle", { memory, offset: row.offset, range });
  }

  /** The line that an event is about; events are listened to once for all lines. */
  private indexOf(event: Event): number {
    const row = (event.target as Element).closest<HTMLElement>("[data-index]");
    return row ? Number(row.dataset.index) : -1;
  }

  private onClick = (event: MouseEvent): void => {
    const index = this.indexOf(event);
    if (index < 0) return;
    this.active = index;
    if ((event.target as Element).closest(".badge")) this.toggle(index, event.shiftKey);
    else this.press(index, event);
  };

  /** A long press selects; a mouse keeps the browser's own menu. */
  private onContextMenu = (event: PointerEvent): void => {
    const index = this.indexOf(event);
    if (event.pointerType !== "touch" || index < 0) return;
    event.preventDefault();
    this.toggle(index, false);
  };

  protected override render() {
    const virtualizer = this.virtual.getVirtualizer();
    const items = virtualizer.getVirtualItems();
    return html`<div
      class="scroll ${this.compact ? "compact" : ""}"
      tabindex="0"
      role="listbox"
      aria-label=${this.label}
      aria-multiselectable=${this.selecting ? "true" : nothing}
      aria-activedescendant=${items.some(({ index }) => index === this.active) ? `row-${this.active}` : nothing}
      @keydown=${this.onKey}
      @click=${this.onClick}
      @contextmenu=${this.onContextMenu}
    >
      <div class="all" role="presentation" style=${`block-size:${virtualizer.getTotalSize()}px`}>
        ${repeat(
          items,
          ({ index }) => index,
          ({ index, start, size }) => this.renderRow(index, `block-size:${size}px;transform:translateY(${start}px)`),
        )}
      </div>
    </div>`;
  }

  private renderRow(index: number, style: string) {
    const row = this.source.rows.at(index);
    const active = index === this.active ? "active" : "";
    if (row.kind === "group") return this.renderGroup(row, index, style, active);
    const memory = this.source.at(row.offset);
    const chosen = memory && (this.selecting ? this.selected.has(memory.id) : memory.id === this.current);
    return html`<div
      id=${`row-${index}`}
      class="row ${active}"
      role="option"
      aria-selected=${String(chosen ?? false)}
      aria-setsize=${this.source.rows.count}
      aria-posinset=${index + 1}
      aria-busy=${memory ? nothing : "true"}
      data-index=${index}
      style=${style}
    >
      ${guard([memory, chosen, this.selecting, this.panel, this.sort], () => this.renderContent(memory, chosen ?? false))}
    </div>`;
  }

  private renderContent(memory: Memory | Hit | undefined, chosen: boolean) {
    const { panel, sort, selecting } = this;
    if (!memory) return html`<span class="ghost"></span>`;
    return html`${renderBadge(panel, memory, selecting && chosen, selecting)} ${renderText(panel, memory, sort)}
    ${renderEnd(panel, memory, sort)}`;
  }

  private renderGroup(
    { value, count }: { value: string; count: number },
    index: number,
    style: string,
    active: string,
  ) {
    const collapsed = this.collapsed.has(value);
    const { t, format } = this.panel;
    return html`<div
      id=${`row-${index}`}
      class="group row ${active}"
      role="option"
      aria-selected="false"
      data-index=${index}
      style=${style}
    >
      <sm-icon
        .path=${collapsed ? mdiChevronDown : mdiChevronUp}
        .label=${t(collapsed ? "memories.group_closed" : "memories.group_open")}
      ></sm-icon>
      <span dir="auto">${groupLabel(t, this.group, value)}</span>
      <span class="count">${format.number(count)}</span>
    </div>`;
  }
}
