import { mdiFilterRemoveOutline } from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Filter } from "../api/types.ts";
import "../elements/chip.ts";
import "../elements/icon-button.ts";
import { fire } from "../fire.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, tokens } from "../styles.ts";
import { surfaceLabel } from "./labels.ts";
import { clean, type ViewQuery } from "./view-query.ts";

interface Condition {
  label: string;
  without: Filter;
}

/** How many there are, and by what the list is narrowed down, each to be taken away. Fires `sm-change` with the filter that is left. */
@customElement("sm-conditions")
export class SmConditions extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px 8px;
        min-block-size: 24px;
        padding: 0 16px 8px;
        color: var(--sm-quiet);
        font-size: var(--ha-font-size-s, 12px);
      }
      sm-chip {
        --sm-chip-size: 28px;
        color: var(--sm-text);
      }
      .text {
        min-block-size: 18px;
      }
      sm-icon-button {
        --sm-button-size: 28px;
        --sm-icon-size: 18px;
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @property({ attribute: false }) query!: ViewQuery;
  @property() text = "";

  private get conditions(): Condition[] {
    const { t, ownerName } = this.panel;
    const { owner, scope, category, tags = [], pinned, expiring, surface, forgotten } = this.query.filter;
    const found: Condition[] = [];
    const add = (label: string, without: Filter) => found.push({ label, without });
    if (forgotten) add(t("filters.forgotten"), { forgotten: undefined });
    if (owner) add(ownerName(owner), { owner: undefined });
    if (scope) add(t(`scope.${scope}`), { scope: undefined });
    if (category) add(t(`category.${category}`), { category: undefined });
    if (pinned !== undefined) add(t(pinned ? "filters.pinned" : "filters.not_pinned"), { pinned: undefined });
    if (expiring) add(t("filters.expiring"), { expiring: undefined });
    if (surface) add(surfaceLabel(t, surface), { surface: undefined });
    for (const tag of tags) add(tag, { tags: tags.filter((other) => other !== tag) });
    return found;
  }

  private set(filter: Filter): void {
    fire(this, "sm-change", { filter: clean(filter) });
  }

  protected override render() {
    const { t } = this.panel;
    const { conditions } = this;
    return html`
      <span class="text" role="status" dir="auto">${this.text}</span>
      ${conditions.map(
        ({ label, without }) => html`<sm-chip
          .label=${label}
          .removeLabel=${t("filters.remove", { what: label })}
          @remove=${() => this.set({ ...this.query.filter, ...without })}
        ></sm-chip>`,
      )}
      ${
        conditions.length > 1
          ? html`<sm-icon-button .path=${mdiFilterRemoveOutline} .label=${t("filters.clear")} @click=${() => this.set({})}></sm-icon-button>`
          : nothing
      }
    `;
  }
}
