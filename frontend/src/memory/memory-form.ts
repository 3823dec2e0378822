import { css, html, LitElement } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import type { Category, Memory } from "../api/types.ts";
import "../elements/select.ts";
import "../elements/switch.ts";
import "../elements/tag-field.ts";
import type { SmTagField } from "../elements/tag-field.ts";
import "../elements/text-field.ts";
import { fire } from "../fire.ts";
import { CATEGORIES } from "../memories/view-query.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, tokens } from "../styles.ts";
import type { Fields } from "./draft.ts";
import "./expiry-field.ts";
import { ownersFor } from "./owners.ts";

/** Everything about a memory that can be changed, in place. Fires `sm-edit` with the fields that changed. */
@customElement("sm-memory-form")
export class SmMemoryForm extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(max(180px, 34%), 100%), 1fr));
        gap: 16px;
      }
      .whole {
        grid-column: 1 / -1;
      }
      .value {
        --ha-font-size-m: 16px;
      }
      .range label {
        display: flex;
        justify-content: space-between;
        margin-block-end: 4px;
        color: var(--sm-quiet);
        font-size: var(--ha-font-size-s, 12px);
        font-weight: var(--ha-font-weight-medium, 500);
      }
      input[type="range"] {
        inline-size: 100%;
        block-size: 40px;
        margin: 0;
        accent-color: var(--sm-fill);
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  /** As it is stored. */
  @property({ attribute: false }) memory!: Memory;
  /** As it would be saved. */
  @property({ attribute: false }) fields!: Fields;
  @property({ type: Boolean }) disabled = false;
  @property({ attribute: false }) knownTags: readonly string[] = [];
  @query("sm-tag-field") private tagField?: SmTagField;

  /** Takes over what is typed and not yet confirmed. */
  commit(): void {
    this.tagField?.commit();
  }

  private edit(changes: Partial<Fields>): void {
    fire(this, "sm-edit", changes);
  }

  protected override render() {
    const { fields, panel, disabled } = this;
    const { t, format } = panel;
    return html`
      <sm-text-field
        class="whole value"
        multiline
        .label=${t("memory.value")}
        .value=${fields.value}
        .maxLength=${16_384}
        ?disabled=${disabled}
        .error=${fields.value.trim() ? undefined : t("memory.value_needed")}
        @sm-input=${(event: CustomEvent<{ value: string }>) => this.edit(event.detail)}
      ></sm-text-field>
      <sm-select
        .label=${t("memory.category")}
        .value=${fields.category}
        .options=${CATEGORIES.map((value) => ({ value, label: t(`category.${value}`) }))}
        ?disabled=${disabled}
        @sm-change=${(event: CustomEvent<{ value: Category }>) => this.edit({ category: event.detail.value })}
      ></sm-select>
      <sm-select
        .label=${t("memory.owner")}
        .value=${fields.owner}
        .options=${ownersFor(panel, this.memory.owner)}
        ?disabled=${disabled}
        @sm-change=${(event: CustomEvent<{ value: string }>) => this.edit({ owner: event.detail.value })}
      ></sm-select>
      <sm-tag-field
        class="whole"
        .label=${t("memory.tags")}
        .tags=${fields.tags}
        .suggestions=${this.knownTags}
        .placeholder=${disabled ? "" : t("memory.tags_placeholder")}
        ?disabled=${disabled}
        .removeLabel=${(tag: string) => t("memory.remove_tag", { tag })}
        @sm-change=${(event: CustomEvent<{ tags: string[] }>) => this.edit(event.detail)}
      ></sm-tag-field>
      <sm-text-field
        .label=${t("memory.key")}
        .help=${t("memory.key_help")}
        .value=${fields.key}
        .maxLength=${128}
        ?disabled=${disabled}
        .error=${fields.key.trim() ? undefined : t("memory.key_needed")}
        @sm-input=${(event: CustomEvent<{ value: string }>) => this.edit({ key: event.detail.value })}
      ></sm-text-field>
      <sm-expiry-field
        .panel=${panel}
        .label=${t("memory.expires")}
        .value=${fields.expires_at}
        ?disabled=${disabled}
        @sm-change=${(event: CustomEvent<{ value: string | null }>) => this.edit({ expires_at: event.detail.value })}
      ></sm-expiry-field>
      <div class="range">
        <label for="confidence">${t("memory.confidence")}<span>${format.percent(fields.confidence)}</span></label>
        <input
          id="confidence"
          type="range"
          min="0"
          max="100"
          step="5"
          .value=${String(Math.round(fields.confidence * 100))}
          ?disabled=${disabled}
          @input=${(event: Event) => this.edit({ confidence: Number((event.target as HTMLInputElement).value) / 100 })}
        />
      </div>
      <sm-switch
        .label=${t("memory.pin_help")}
        .checked=${fields.pinned}
        ?disabled=${disabled}
        @sm-change=${(event: CustomEvent<{ checked: boolean }>) => this.edit({ pinned: event.detail.checked })}
      ></sm-switch>
    `;
  }
}
