import { html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { EngineStatus, StatusAnswer } from "../api/types.ts";
import "../elements/alert.ts";
import "../elements/card.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, tokens } from "../styles.ts";
import { healthVerdict } from "./engine-words.ts";
import { statusStyles } from "./status-styles.ts";

/** How much there is, how much room it takes, and whether it is sound. */
@customElement("sm-storage-card")
export class SmStorageCard extends LitElement {
  static override styles = [tokens, base, statusStyles];

  @property({ attribute: false }) panel!: PanelContext;
  @property({ attribute: false }) status!: StatusAnswer;
  @property({ attribute: false }) engine!: EngineStatus;

  protected override render() {
    const { t, format, info, isAdmin } = this.panel;
    const { status, engine } = this;
    return html`<sm-card .heading=${t("status.storage")}>
      <div class="stack">
        ${this.renderHealth()}
        <dl class="facts">
          <dt>${t("status.visible")}</dt>
          <dd>${format.number(status.visible)}</dd>
          ${isAdmin ? html`<dt>${t("status.all")}</dt><dd>${format.number(engine.memories)}</dd>` : nothing}
          <dt>${t("status.forgotten")}</dt>
          <dd>${t("status.forgotten_kept", { count: format.number(status.forgotten), days: format.number(info.settings.forgotten_days) })}</dd>
          <dt>${t("status.size")}</dt>
          <dd>${format.bytes(status.database_bytes)}</dd>
          <dt>${t("status.version")}</dt>
          <dd>${info.version}</dd>
        </dl>
      </div>
    </sm-card>`;
  }

  private renderHealth() {
    const { t, format } = this.panel;
    const check = this.status.last_check;
    const verdict = healthVerdict(this.engine, check);
    if (!verdict) return nothing;
    return html`<sm-alert .kind=${verdict.tone}>
      <strong>${t(verdict.title)}</strong>
      ${check?.at ? html`<br />${t("status.checked", { when: format.relative(check.at) })}` : nothing}
      ${verdict.advice ? html`<br />${t(verdict.advice)}` : nothing}
      ${check?.problems.map((problem) => html`<br /><span class="small" dir="auto">${problem}</span>`)}
    </sm-alert>`;
  }
}
