import { mdiContentSaveOutline, mdiRestore } from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Snapshot } from "../api/types.ts";
import "../elements/alert.ts";
import "../elements/button.ts";
import "../elements/card.ts";
import "../elements/dialog.ts";
import { fire } from "../fire.ts";
import type { TextKey } from "../localize.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, tokens } from "../styles.ts";
import { statusStyles } from "./status-styles.ts";

const REASONS: Readonly<Record<string, TextKey>> = {
  daily: "status.reason_daily",
  manual: "status.reason_manual",
  migration: "status.reason_migration",
  restore: "status.reason_restore",
};

/** Those that are shown before somebody asks for all of them. */
const SHOWN = 5;

/** The snapshots of all memories: taking one, and going back to one. Fires `sm-changed` when something was done. */
@customElement("sm-snapshots-card")
export class SmSnapshotsCard extends LitElement {
  static override styles = [
    tokens,
    base,
    statusStyles,
    css`
      ul {
        margin: 0;
        padding: 0;
        list-style: none;
      }
      li {
        display: flex;
        align-items: center;
        gap: 8px;
        padding-block: 6px;
      }
      li + li {
        border-block-start: 1px solid var(--sm-divider);
      }
      li > div {
        flex: 1;
        min-inline-size: 0;
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @property({ attribute: false }) snapshots: Snapshot[] = [];
  @state() private all = false;
  @state() private taking = false;
  @state() private chosen: Snapshot | null = null;
  @state() private restoring = false;

  private async backUp(): Promise<void> {
    const { panel } = this;
    this.taking = true;
    try {
      const { size } = await panel.api.backup();
      panel.toast({ message: panel.t("status.backed_up", { size: panel.format.bytes(size) }) });
      fire(this, "sm-changed");
    } catch (reason) {
      panel.fail(reason);
    } finally {
      this.taking = false;
    }
  }

  private async restore({ name }: Snapshot): Promise<void> {
    const { panel } = this;
    this.restoring = true;
    try {
      const { restored } = await panel.api.restoreBackup(name);
      panel.toast({ message: panel.t("status.restored", { when: panel.format.dateTime(restored.taken_at) }) });
      fire(this, "sm-changed");
    } catch (reason) {
      panel.fail(reason);
    } finally {
      this.restoring = false;
      this.chosen = null;
    }
  }

  protected override render() {
    const { t } = this.panel;
    const shown = this.all ? this.snapshots : this.snapshots.slice(0, SHOWN);
    return html`<sm-card .heading=${t("status.snapshots")}>
        <sm-button slot="header-end" variant="tonal" .icon=${mdiContentSaveOutline} .loading=${this.taking} @click=${() => void this.backUp()}>
          ${t("status.back_up")}
        </sm-button>
        <p class="quiet">${t(this.snapshots.length ? "status.snapshots_text" : "status.no_snapshots")}</p>
        <ul>
          ${shown.map((snapshot) => this.renderSnapshot(snapshot))}
        </ul>
        ${
          shown.length < this.snapshots.length
            ? html`<sm-button @click=${() => {
                this.all = true;
              }}>${t("status.all_snapshots", { count: this.snapshots.length })}</sm-button>`
            : nothing
        }
      </sm-card>
      ${this.renderQuestion()}`;
  }

  private about({ reason, size, memories }: Snapshot): string {
    const { t, format } = this.panel;
    const why = REASONS[reason];
    return [
      why ? t(why) : reason,
      memories === null ? "" : t("status.snapshot_memories", { count: format.number(memories) }),
      format.bytes(size).replaceAll(" ", "\u00a0"),
    ]
      .filter(Boolean)
      .join(" · ");
  }

  private renderSnapshot(snapshot: Snapshot) {
    const { t, format } = this.panel;
    const when = format.dateTime(snapshot.taken_at);
    return html`<li>
      <div>
        <div>${when}</div>
        <div class="quiet small">${this.about(snapshot)}</div>
      </div>
      <sm-button .icon=${mdiRestore} .label=${t("status.restore_of", { when })} @click=${() => {
        this.chosen = snapshot;
      }}>${t("status.restore")}</sm-button>
    </li>`;
  }

  private renderQuestion() {
    const { t, format } = this.panel;
    const { chosen } = this;
    const close = () => {
      if (!this.restoring) this.chosen = null;
    };
    return html`<sm-dialog .open=${chosen !== null} .heading=${t("status.restore_heading")} .closeLabel=${t("common.close")} @sm-close=${close}>
      ${chosen ? html`<p>${t("status.restore_text", { when: format.dateTime(chosen.taken_at) })}</p><p class="quiet">${this.about(chosen)}</p>` : nothing}
      <sm-button slot="actions" .disabled=${this.restoring} @click=${close}>${t("status.cancel")}</sm-button>
      <sm-button slot="actions" variant="danger" .loading=${this.restoring} @click=${() => chosen && void this.restore(chosen)}>${t("status.restore_now")}</sm-button>
    </sm-dialog>`;
  }
}
