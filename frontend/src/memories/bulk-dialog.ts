import { css, html, LitElement, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { Category, Changes, Memory } from "../api/types.ts";
import "../elements/alert.ts";
import "../elements/button.ts";
import "../elements/dialog.ts";
import "../elements/select.ts";
import "../elements/tag-field.ts";
import { errorText } from "../api/errors.ts";
import type { SmTagField } from "../elements/tag-field.ts";
import { fire } from "../fire.ts";
import { counted } from "../localize.ts";
import "../memory/expiry-field.ts";
import { ownersFor } from "../memory/owners.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, tokens } from "../styles.ts";
import type { BulkAction } from "./bulk-bar.ts";
import { CATEGORIES } from "./view-query.ts";

export type BulkQuestion = Extract<BulkAction, "tag" | "category" | "move" | "expire" | "purge">;

/** Asks what an action on several memories needs to know, and does it. Fires `sm-done` and `sm-closed`. */
@customElement("sm-bulk-dialog")
export class SmBulkDialog extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      .fields {
        display: grid;
        gap: 16px;
        padding-block: 4px;
      }
      fieldset {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
        margin: 0;
        padding: 0;
        border: 0;
      }
      legend {
        margin-block-end: 4px;
        padding: 0;
        color: var(--sm-quiet);
        font-size: var(--ha-font-size-s, 12px);
        font-weight: var(--ha-font-weight-medium, 500);
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @property() question?: BulkQuestion;
  @property({ attribute: false }) memories: Memory[] = [];
  @property({ attribute: false }) knownTags: readonly string[] = [];

  @state() private added: readonly string[] = [];
  @state() private removed: readonly string[] = [];
  @state() private category: Category = "general";
  @state() private owner = "household";
  @state() private expiresAt: string | null = null;
  @state() private busy = false;
  @state() private error?: unknown;
  @query("#added") private addedField?: SmTagField;

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has("question") || !this.question) return;
    this.added = [];
    this.removed = [];
    this.category = this.memories[0]?.category ?? "general";
    const shared = this.memories.every(({ owner }) => owner === "household");
    this.owner = shared && this.panel.isAdmin ? this.panel.userId : "household";
    this.expiresAt = null;
    this.error = undefined;
  }

  private get changes(): Changes {
    switch (this.question) {
      case "tag":
        return { add_tags: [...this.added], remove_tags: [...this.removed] };
      case "category":
        return { category: this.category };
      case "move":
        return { owner: this.owner };
      default:
        return { expires_at: this.expiresAt };
    }
  }

  private apply = async (): Promise<void> => {
    this.addedField?.commit();
    const ids = this.memories.map(({ id }) => id);
    this.busy = true;
    try {
      if (this.question === "purge") await this.panel.api.forget(ids, true);
      else await this.panel.api.update(ids, this.changes);
      fire(this, "sm-done");
    } catch (reason) {
      this.error = reason;
    }
    this.busy = false;
  };

  private get idle(): boolean {
    return this.question === "tag" && !this.added.length && !this.removed.length;
  }

  protected override render() {
    const { question } = this;
    const { t } = this.panel;
    const count = this.memories.length;
    const purge = question === "purge";
    return html`<sm-dialog
      .open=${question !== undefined}
      .heading=${question ? t(`bulk.${question}`) : ""}
      .closeLabel=${t("common.close")}
      @sm-close=${() => fire(this, "sm-closed")}
    >
      <div class="fields">
        <p>${counted(this.panel, purge ? "bulk.purge_warning" : "bulk.concerns", count)}</p>
        ${this.renderFields()}
        ${this.error ? html`<sm-alert kind="error">${errorText(t, this.error)}</sm-alert>` : nothing}
      </div>
      <sm-button slot="actions" @click=${() => fire(this, "sm-closed")}>${t("common.cancel")}</sm-button>
      <sm-button slot="actions" .variant=${purge ? "danger" : "filled"} .loading=${this.busy} ?disabled=${this.idle} @click=${this.apply}>
        ${t(purge ? "bulk.purge_confirm" : "common.apply")}
      </sm-button>
    </sm-dialog>`;
  }

  private renderFields() {
    const { t } = this.panel;
    switch (this.question) {
      case "tag":
        return html`<sm-tag-field
            id="added"
            autofocus
            .label=${t("bulk.add_tags")}
            .tags=${this.added}
            .suggestions=${this.knownTags}
            .placeholder=${t("memory.tags_placeholder")}
            .removeLabel=${(tag: string) => t("memory.remove_tag", { tag })}
            @sm-change=${(event: CustomEvent<{ tags: string[] }>) => {
              this.added = event.detail.tags;
            }}
          ></sm-tag-field>
          ${this.renderRemovable()}`;
      case "category":
        return html`<sm-select
          .label=${t("memory.category")}
          .value=${this.category}
          .options=${CATEGORIES.map((value) => ({ value, label: t(`category.${value}`) }))}
          @sm-change=${(event: CustomEvent<{ value: Category }>) => {
            this.category = event.detail.value;
          }}
        ></sm-select>`;
      case "move":
        return html`<sm-select
          .label=${t("memory.owner")}
          .value=${this.owner}
          .options=${ownersFor(this.panel, "household")}
          @sm-change=${(event: CustomEvent<{ value: string }>) => {
            this.owner = event.detail.value;
          }}
        ></sm-select>`;
      case "expire":
        return html`<sm-expiry-field
          .panel=${this.panel}
          .label=${t("memory.expires")}
          .value=${this.expiresAt}
          @sm-change=${(event: CustomEvent<{ value: string | null }>) => {
            this.expiresAt = event.detail.value;
          }}
        ></sm-expiry-field>`;
      default:
        return nothing;
    }
  }

  /** The tags that some of them have, to take away. */
  private renderRemovable() {
    const { t } = this.panel;
    const there = [...new Set(this.memories.flatMap(({ tag_list }) => tag_list))].sort();
    if (!there.length) return nothing;
    const toggle = (tag: string) => {
      this.removed = this.removed.includes(tag)
        ? this.removed.filter((other) => other !== tag)
        : [...this.removed, tag];
    };
    return html`<fieldset>
      <legend>${t("bulk.remove_tags")}</legend>
      ${there.map(
        (tag) =>
          html`<sm-chip selectable .label=${tag} .selected=${this.removed.includes(tag)} @click=${() => toggle(tag)}></sm-chip>`,
      )}
    </fieldset>`;
  }
}
