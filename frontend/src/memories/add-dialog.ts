import { css, html, LitElement, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { errorText } from "../api/errors.ts";
import type { Category, SetAnswer } from "../api/types.ts";
import "../elements/alert.ts";
import "../elements/button.ts";
import "../elements/dialog.ts";
import "../elements/select.ts";
import "../elements/switch.ts";
import "../elements/tag-field.ts";
import type { SmTagField } from "../elements/tag-field.ts";
import "../elements/text-field.ts";
import { fire } from "../fire.ts";
import "../memory/expiry-field.ts";
import "../memory/similar-list.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, tokens } from "../styles.ts";
import { CATEGORIES } from "./view-query.ts";

interface Draft {
  value: string;
  key: string;
  category: Category | "";
  scope: "user" | "household";
  tags: readonly string[];
  pinned: boolean;
  expires_at?: string | null;
}

const EMPTY: Draft = { value: "", key: "", category: "", scope: "user", tags: [], pinned: false };

/** Stores a new memory, and shows those that say almost the same. Fires `sm-close`. */
@customElement("sm-add-dialog")
export class SmAddDialog extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      .fields {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(220px, 100%), 1fr));
        gap: 16px;
        padding-block: 4px;
      }
      .whole {
        grid-column: 1 / -1;
      }
      .stored {
        display: grid;
        gap: 12px;
      }
      blockquote {
        margin: 0;
        padding: 12px 16px;
        border-radius: var(--sm-radius-small);
        background: var(--sm-hover);
        font-size: var(--ha-font-size-l, 16px);
        overflow-wrap: anywhere;
        white-space: pre-wrap;
      }
      h3 {
        margin-block-start: 8px;
        font-size: var(--ha-font-size-m, 14px);
        font-weight: var(--ha-font-weight-medium, 500);
      }
      .quiet {
        color: var(--sm-quiet);
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @property({ type: Boolean }) open = false;
  @property({ attribute: false }) knownTags: readonly string[] = [];

  @state() private draft: Draft = EMPTY;
  @state() private busy = false;
  @state() private error?: unknown;
  @state() private stored?: SetAnswer;
  @query("sm-tag-field") private tagField?: SmTagField;

  private change(change: Partial<Draft>): void {
    this.draft = { ...this.draft, ...change };
  }

  private close = (): void => {
    if (this.stored) this.reset(); // what was not stored yet is there the next time
    fire(this, "sm-closed");
  };

  private reset = (): void => {
    this.draft = { ...EMPTY, scope: this.draft.scope };
    this.stored = undefined;
    this.error = undefined;
  };

  private store = async (): Promise<void> => {
    this.tagField?.commit();
    const { value, key, category, scope, tags, pinned, expires_at } = this.draft;
    if (!value.trim()) return;
    this.busy = true;
    this.error = undefined;
    try {
      this.stored = await this.panel.api.set({
        value,
        scope,
        ...(key.trim() && { key }),
        ...(category && { category }),
        ...(tags.length && { tags: [...tags] }),
        ...(pinned && { pinned }),
        ...(expires_at !== undefined && { expires_at }),
      });
    } catch (reason) {
      this.error = reason;
    }
    this.busy = false;
  };

  protected override render() {
    const { t } = this.panel;
    const { stored } = this;
    return html`<sm-dialog
      .open=${this.open}
      .heading=${stored ? t(`add.${stored.result}`) : t("add.heading")}
      .closeLabel=${t("common.close")}
      @sm-close=${this.close}
    >
      ${this.open ? (stored ? this.renderStored(stored) : this.renderForm()) : nothing}
      ${
        stored
          ? html`<sm-button slot="actions" @click=${this.reset}>${t("add.another")}</sm-button>
              <sm-button slot="actions" variant="filled" @click=${this.close}>${t("common.done")}</sm-button>`
          : html`<sm-button slot="actions" @click=${this.close}>${t("common.cancel")}</sm-button>
              <sm-button slot="actions" variant="filled" .loading=${this.busy} ?disabled=${!this.draft.value.trim()} @click=${this.store}>
                ${t("add.store")}
              </sm-button>`
      }
    </sm-dialog>`;
  }

  private renderForm() {
    const { t, isAdmin, userId, info } = this.panel;
    const { draft } = this;
    const mine = isAdmin && userId !== info.user_id ? this.panel.ownerName(userId) : t("scope.user");
    return html`<div
      class="fields"
      @keydown=${(event: KeyboardEvent) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && void this.store()}
    >
      ${this.error ? html`<sm-alert class="whole" kind="error">${errorText(t, this.error)}</sm-alert>` : nothing}
      <sm-text-field
        class="whole"
        multiline
        autofocus
        .label=${t("memory.value")}
        .placeholder=${t("add.example")}
        .value=${draft.value}
        .maxLength=${16_384}
        @sm-input=${(event: CustomEvent<{ value: string }>) => this.change(event.detail)}
      ></sm-text-field>
      <sm-select
        .label=${t("memory.owner")}
        .value=${draft.scope}
        .options=${[{ value: "user", label: mine }, { value: "household", label: t("common.household") }]}
        @sm-change=${(event: CustomEvent<{ value: Draft["scope"] }>) => this.change({ scope: event.detail.value })}
      ></sm-select>
      <sm-select
        .label=${t("memory.category")}
        .value=${draft.category}
        .options=${[{ value: "", label: t("add.no_category") }, ...CATEGORIES.map((value) => ({ value, label: t(`category.${value}`) }))]}
        @sm-change=${(event: CustomEvent<{ value: Draft["category"] }>) => this.change({ category: event.detail.value })}
      ></sm-select>
      <sm-tag-field
        class="whole"
        .label=${t("memory.tags")}
        .tags=${draft.tags}
        .suggestions=${this.knownTags}
        .placeholder=${t("memory.tags_placeholder")}
        .removeLabel=${(tag: string) => t("memory.remove_tag", { tag })}
        @sm-change=${(event: CustomEvent<{ tags: string[] }>) => this.change(event.detail)}
      ></sm-tag-field>
      <sm-text-field
        .label=${t("memory.key")}
        .placeholder=${t("add.key_placeholder")}
        .help=${t("memory.key_help")}
        .value=${draft.key}
        .maxLength=${128}
        @sm-input=${(event: CustomEvent<{ value: string }>) => this.change({ key: event.detail.value })}
      ></sm-text-field>
      <sm-expiry-field
        optional
        .panel=${this.panel}
        .label=${t("memory.expires")}
        .value=${draft.expires_at}
        @sm-change=${(event: CustomEvent<{ value: string | null | undefined }>) => this.change({ expires_at: event.detail.value })}
      ></sm-expiry-field>
      <sm-switch
        class="whole"
        .label=${t("memory.pin_help")}
        .checked=${draft.pinned}
        @sm-change=${(event: CustomEvent<{ checked: boolean }>) => this.change({ pinned: event.detail.checked })}
      ></sm-switch>
    </div>`;
  }

  private renderStored({ memory, similar }: SetAnswer) {
    const { t } = this.panel;
    return html`<div class="stored">
      <blockquote dir="auto">${memory.value}</blockquote>
      ${
        similar.length
          ? html`<h3>${t("add.similar")}</h3>
              <p class="quiet">${t("add.similar_help")}</p>
              <sm-similar-list .panel=${this.panel} .hits=${similar} forgettable @click=${this.onLink}></sm-similar-list>`
          : html`<p class="quiet">${t("add.no_similar")}</p>`
      }
    </div>`;
  }

  /** Whoever goes to a memory is done here. */
  private onLink = (event: Event): void => {
    if (event.composedPath().some((target) => target instanceof HTMLAnchorElement)) this.close();
  };
}
