import {
  mdiAccountSwitchOutline,
  mdiClose,
  mdiDeleteForeverOutline,
  mdiDotsVertical,
  mdiDownloadOutline,
  mdiPinOffOutline,
  mdiPinOutline,
  mdiRestore,
  mdiSelectAll,
  mdiShapeOutline,
  mdiTagPlusOutline,
  mdiTimerSandEmpty,
  mdiTrashCanOutline,
} from "@mdi/js";
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import "../elements/icon-button.ts";
import "../elements/menu.ts";
import type { MenuItem } from "../elements/menu.ts";
import { fire } from "../fire.ts";
import { counted } from "../localize.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, tokens } from "../styles.ts";

export type BulkAction =
  | "tag"
  | "category"
  | "pin"
  | "unpin"
  | "move"
  | "expire"
  | "export"
  | "forget"
  | "restore"
  | "purge";

/** In place of the toolbar while memories are selected. Fires `sm-action`, `sm-all` and `sm-close`. */
@customElement("sm-bulk-bar")
export class SmBulkBar extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: flex;
        align-items: center;
        gap: 4px;
        min-block-size: 56px;
        margin-block-end: 8px;
        padding-inline: 8px;
        background: color-mix(in srgb, var(--sm-primary) 14%, var(--sm-surface));
      }
      .count {
        flex: 1;
        min-inline-size: 0;
        font-weight: var(--ha-font-weight-medium, 500);
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @property({ type: Number }) count = 0;
  /** Whether all that are selected may be deleted for good. */
  @property({ type: Boolean }) purgeable = false;
  /** Whether those shown are forgotten ones. */
  @property({ type: Boolean }) forgotten = false;
  /** Whether there is little room. */
  @property({ type: Boolean }) compact = false;
  @property({ type: Boolean }) busy = false;

  private get actions(): (MenuItem & { value: BulkAction })[] {
    const { t, info } = this.panel;
    const download = { value: "export", label: t("bulk.export"), icon: mdiDownloadOutline } as const;
    if (!info.can_change) return [download];
    if (this.forgotten) {
      return [
        { value: "restore", label: t("bulk.restore"), icon: mdiRestore },
        download,
        ...(this.purgeable
          ? ([{ value: "purge", label: t("bulk.purge"), icon: mdiDeleteForeverOutline, danger: true }] as const)
          : []),
      ];
    }
    return [
      { value: "tag", label: t("bulk.tag"), icon: mdiTagPlusOutline },
      { value: "category", label: t("bulk.category"), icon: mdiShapeOutline },
      { value: "move", label: t("bulk.move"), icon: mdiAccountSwitchOutline },
      { value: "expire", label: t("bulk.expire"), icon: mdiTimerSandEmpty },
      { value: "pin", label: t("bulk.pin"), icon: mdiPinOutline },
      { value: "unpin", label: t("bulk.unpin"), icon: mdiPinOffOutline },
      download,
      { value: "forget", label: t("bulk.forget"), icon: mdiTrashCanOutline, danger: true },
    ];
  }

  private act(value: string): void {
    fire(this, "sm-action", { value });
  }

  protected override render() {
    const { t } = this.panel;
    const none = this.count === 0 || this.busy;
    const items = this.actions.map((item) => ({ ...item, disabled: none }));
    return html`
      <sm-icon-button .path=${mdiClose} .label=${t("bulk.stop")} @click=${() => fire(this, "sm-close")}></sm-icon-button>
      <span class="count" role="status" dir="auto">${counted(this.panel, "bulk.selected", this.count)}</span>
      <sm-icon-button .path=${mdiSelectAll} .label=${t("bulk.all")} @click=${() => fire(this, "sm-all")}></sm-icon-button>
      ${
        this.compact
          ? html`<sm-menu .items=${items} .label=${t("bulk.actions")} @sm-select=${(event: CustomEvent<{ value: string }>) => this.act(event.detail.value)}>
              <sm-icon-button slot="trigger" popup="menu" .path=${mdiDotsVertical} .label=${t("bulk.actions")}></sm-icon-button>
            </sm-menu>`
          : items.map(
              ({ value, label, icon }) => html`<sm-icon-button
                .path=${icon ?? ""}
                .label=${label}
                ?disabled=${none}
                @click=${() => this.act(value)}
              ></sm-icon-button>`,
            )
      }
    `;
  }
}
