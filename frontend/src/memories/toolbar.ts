import {
  mdiArrowDown,
  mdiArrowUp,
  mdiCheckboxMultipleMarkedOutline,
  mdiFilterVariant,
  mdiMagnify,
  mdiMenuDown,
  mdiSort,
} from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import type { GroupKey, SortKey } from "../api/types.ts";
import "../elements/button.ts";
import "../elements/icon-button.ts";
import "../elements/menu.ts";
import type { MenuItem } from "../elements/menu.ts";
import "../elements/spinner.ts";
import "../elements/text-field.ts";
import type { SmTextField } from "../elements/text-field.ts";
import { fire } from "../fire.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, tokens } from "../styles.ts";
import { countConditions, descends, GROUPS, SORTS, type ViewQuery } from "./view-query.ts";

/** Filters, selecting, search, grouping and order above the list. Fires `sm-query`, `sm-filters` and `sm-select-mode`. */
@customElement("sm-memories-toolbar")
export class SmMemoriesToolbar extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: flex;
        align-items: center;
        gap: 12px;
        min-block-size: 56px;
        padding: 8px 16px;
      }
      :host([compact]) {
        gap: 8px;
        padding-inline: 12px;
      }
      sm-text-field {
        flex: 1 1 160px;
      }
      sm-button {
        --sm-pill: var(--sm-radius-small);
        white-space: nowrap;
      }
      .arrow {
        margin-inline-end: -8px;
      }
      sm-spinner {
        margin-inline: 8px;
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @property({ attribute: false }) query!: ViewQuery;
  @property({ type: Boolean, reflect: true }) compact = false;
  @property({ type: Boolean }) searching = false;
  @property({ type: Boolean }) filtersOpen = false;
  @property() placeholder = "";

  @query("sm-text-field") private field!: SmTextField;

  focusSearch(): void {
    this.field.focus();
    this.field.select();
  }

  private change(change: Partial<ViewQuery>): void {
    fire(this, "sm-query", change);
  }

  private onSort(sort: SortKey): void {
    const again = sort === this.query.sort;
    this.change({ sort, descending: again ? !this.query.descending : descends(sort) });
  }

  private get sortItems(): MenuItem[] {
    const { sort, descending } = this.query;
    return SORTS.map((value) => ({
      value,
      label: this.panel.t(`sort.${value}`),
      checked: value === sort,
      ...(value === sort && { icon: descending ? mdiArrowDown : mdiArrowUp }),
    }));
  }

  private get groupItems(): MenuItem[] {
    const { t } = this.panel;
    const { group } = this.query;
    return [
      { value: "", label: t("group.none"), checked: !group },
      ...GROUPS.map((value) => ({ value, label: t(`group.${value}`), checked: value === group })),
    ];
  }

  protected override render() {
    const { t } = this.panel;
    return html`
      <sm-icon-button
        boxed
        .path=${mdiFilterVariant}
        .label=${t("filters.heading")}
        .badge=${countConditions(this.query.filter)}
        .expanded=${this.filtersOpen}
        .selected=${this.filtersOpen}
        @click=${() => fire(this, "sm-filters")}
      ></sm-icon-button>
      ${
        this.compact
          ? nothing
          : html`<sm-icon-button
              boxed
              .path=${mdiCheckboxMultipleMarkedOutline}
              .label=${t("bulk.start")}
              @click=${() => fire(this, "sm-select-mode")}
            ></sm-icon-button>`
      }
      <sm-text-field
        type="search"
        unlabelled
        .icon=${mdiMagnify}
        .label=${t("memories.search")}
        .placeholder=${this.placeholder}
        .value=${this.query.text}
        .clearLabel=${t("common.clear")}
        @sm-input=${(event: CustomEvent<{ value: string }>) => this.change({ text: event.detail.value })}
        @keydown=${(event: KeyboardEvent) => event.key === "ArrowDown" && fire(this, "sm-to-list")}
      >
        ${this.searching ? html`<sm-spinner slot="end" style="--sm-spinner-size:18px" .label=${t("memories.searching")}></sm-spinner>` : nothing}
      </sm-text-field>
      ${this.query.text.trim() && !this.compact ? nothing : this.compact ? this.renderCompactMenu() : this.renderMenus()}
    `;
  }

  private renderMenus() {
    const { t } = this.panel;
    const { sort, group } = this.query;
    return html`
      <sm-menu
        .items=${this.groupItems}
        .label=${t("group.heading")}
        @sm-select=${(event: CustomEvent<{ value: string }>) => this.change({ group: (event.detail.value || undefined) as GroupKey | undefined })}
      >
        <sm-button slot="trigger" variant="outlined">
          ${group ? t("group.by", { what: t(`group.${group}`) }) : t("group.heading")}<sm-icon class="arrow" .path=${mdiMenuDown}></sm-icon>
        </sm-button>
      </sm-menu>
      <sm-menu
        .items=${this.sortItems}
        .label=${t("sort.heading")}
        @sm-select=${(event: CustomEvent<{ value: SortKey }>) => this.onSort(event.detail.value)}
      >
        <sm-button slot="trigger" variant="outlined">
          ${t("sort.by", { what: t(`sort.${sort}`) })}<sm-icon class="arrow" .path=${mdiMenuDown}></sm-icon>
        </sm-button>
      </sm-menu>
    `;
  }

  private renderCompactMenu() {
    const { t } = this.panel;
    const items: MenuItem[] = [
      { value: "select", label: t("bulk.start"), icon: mdiCheckboxMultipleMarkedOutline },
      ...this.sortItems.map((item, index) => ({
        ...item,
        value: `sort:${item.value}`,
        label: t("sort.by", { what: item.label }),
        divider: index === 0,
      })),
      ...this.groupItems.map((item, index) => ({
        ...item,
        value: `group:${item.value}`,
        label: item.value ? t("group.by", { what: item.label }) : item.label,
        divider: index === 0,
      })),
    ];
    return html`<sm-menu .items=${items} .label=${t("memories.view")} @sm-select=${this.onCompact}>
      <sm-icon-button slot="trigger" boxed popup="menu" .path=${mdiSort} .label=${t("memories.view")}></sm-icon-button>
    </sm-menu>`;
  }

  private onCompact = (event: CustomEvent<{ value: string }>): void => {
    const [what, value = ""] = event.detail.value.split(":");
    if (what === "select") fire(this, "sm-select-mode");
    else if (what === "sort") this.onSort(value as SortKey);
    else this.change({ group: (value || undefined) as GroupKey | undefined });
  };
}
