import { mdiRefresh } from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { EngineStatus, StatusAnswer } from "../api/types.ts";
import "../elements/alert.ts";
import "../elements/button.ts";
import "../elements/card.ts";
import "../elements/dialog.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, tokens } from "../styles.ts";
import { embedderVerdict, indexVerdict, progressOf } from "./engine-words.ts";
import { statusStyles } from "./status-styles.ts";

/** How memories are found: the model, its space, what waits, the index; administrators can have all read anew. */
@customElement("sm-engine-card")
export class SmEngineCard extends LitElement {
  static override styles = [
    tokens,
    base,
    statusStyles,
    css`
      .bar {
        margin-block-start: 6px;
        block-size: 8px;
        border-radius: 4px;
        background: var(--sm-pressed);
        overflow: hidden;
      }
      .bar div {
        block-size: 100%;
        border-radius: inherit;
        background: var(--sm-primary);
        transition: inline-size 400ms ease-out;
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @property({ attribute: false }) status!: StatusAnswer;
  /** As it is at this moment. */
  @property({ attribute: false }) engine!: EngineStatus;
  @state() private asking = false;
  @state() private starting = false;

  private async reembed(): Promise<void> {
    const { panel } = this;
    this.starting = true;
    try {
      await panel.api.reembed();
      panel.toast({ message: panel.t("status.reembedding") });
    } catch (reason) {
      panel.fail(reason);
    } finally {
      this.starting = false;
      this.asking = false;
    }
  }

  protected override render() {
    const { t } = this.panel;
    const verdict = embedderVerdict(this.engine);
    return html`<sm-card .heading=${t("status.search")}>
      <div class="stack">
        <sm-alert .kind=${verdict.tone}>
          <strong>${t(verdict.title)}</strong>
          ${verdict.advice ? html`<br />${t(verdict.advice)}` : nothing}
        </sm-alert>
        ${this.renderProgress()} ${this.renderFacts()} ${this.renderIndex()}
        ${
          this.panel.isAdmin
            ? html`<div class="row end">
                <sm-button variant="outlined" .icon=${mdiRefresh} @click=${() => {
                  this.asking = true;
                }}>${t("status.reembed")}</sm-button>
              </div>`
            : nothing
        }
      </div>
    </sm-card>
    ${this.renderQuestion()}`;
  }

  private renderProgress() {
    const { t, format } = this.panel;
    const progress = progressOf(this.engine);
    if (progress === null) return nothing;
    const text = t("status.pending_text", { count: format.number(this.engine.pending) });
    return html`<div>
      <p>${text}</p>
      <div
        class="bar"
        role="progressbar"
        aria-label=${t("status.pending")}
        aria-valuemin="0"
        aria-valuemax="100"
        aria-valuenow=${Math.round(progress * 100)}
      >
        <div style="inline-size: ${progress * 100}%"></div>
      </div>
    </div>`;
  }

  private renderFacts() {
    const { t, format } = this.panel;
    const { engine } = this;
    const { space } = this.status;
    return html`<dl class="facts">
      <dt>${t("status.model")}</dt>
      <dd dir="auto">${engine.model ?? t("status.no_model")}</dd>
      ${
        engine.preferred_model && engine.preferred_model !== engine.model
          ? html`<dt>${t("status.preferred")}</dt><dd dir="auto">${engine.preferred_model}</dd>`
          : nothing
      }
      ${engine.unavailable_since ? html`<dt>${t("status.since")}</dt><dd>${format.dateTime(engine.unavailable_since)}</dd>` : nothing}
      ${
        space
          ? html`<dt>${t("status.vectors")}</dt><dd>${t("status.vectors_of", { count: format.number(space.vectors), dimension: format.number(space.dimension) })}</dd>`
          : nothing
      }
      <dt>${t("status.pending")}</dt>
      <dd>${engine.pending ? format.number(engine.pending) : t("status.none_pending")}</dd>
      <dt>${t("status.last_recall")}</dt>
      <dd>${engine.last_recall_at ? format.relative(engine.last_recall_at) : t("status.never")}</dd>
      <dt>${t("status.index")}</dt>
      <dd>${t(indexVerdict(engine).title)}${this.status.index_version ? html` <span class="quiet">(${this.status.index_version})</span>` : nothing}</dd>
    </dl>`;
  }

  private renderIndex() {
    const { advice, tone } = indexVerdict(this.engine);
    if (!advice) return nothing;
    return html`<sm-alert .kind=${tone}>
      ${this.panel.t(advice)}
      ${this.engine.index_error ? html`<br /><span class="small" dir="auto">${this.engine.index_error}</span>` : nothing}
    </sm-alert>`;
  }

  private renderQuestion() {
    const { t, format } = this.panel;
    const close = () => {
      this.asking = false;
    };
    return html`<sm-dialog .open=${this.asking} .heading=${t("status.reembed_heading")} .closeLabel=${t("common.close")} @sm-close=${close}>
      <p>${t("status.reembed_text", { count: format.number(this.engine.memories) })}</p>
      <sm-button slot="actions" @click=${close}>${t("status.cancel")}</sm-button>
      <sm-button slot="actions" variant="filled" .loading=${this.starting} @click=${() => void this.reembed()}>${t("status.reembed")}</sm-button>
    </sm-dialog>`;
  }
}
