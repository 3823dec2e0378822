import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { ImportAnswer } from "../api/types.ts";
import "../elements/alert.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, scrolling, tokens } from "../styles.ts";
import type { OptionText } from "./selector-texts.ts";
import { statusStyles } from "./status-styles.ts";

/** What an import did, or would do: counts, why memories were skipped, and the first of these. */
@customElement("sm-import-report")
export class SmImportReport extends LitElement {
  static override styles = [
    tokens,
    base,
    scrolling,
    statusStyles,
    css`
      .counts {
        display: grid;
        grid-template-columns: repeat(4, minmax(0, 1fr));
        gap: 8px;
        margin: 0;
        padding: 0;
        list-style: none;
      }
      .counts li {
        padding: 10px 12px;
        border-radius: var(--sm-radius-small);
        background: var(--sm-hover);
      }
      .counts strong {
        display: block;
        font-size: var(--ha-font-size-2xl, 24px);
        font-weight: var(--ha-font-weight-normal, 400);
        line-height: 1.2;
        font-variant-numeric: tabular-nums;
      }
      @media (max-width: 500px) {
        .counts {
          grid-template-columns: repeat(2, minmax(0, 1fr));
        }
      }
      h3 {
        margin-block-end: 4px;
        font-size: inherit;
        font-weight: var(--ha-font-weight-medium, 500);
      }
      ul {
        margin: 0;
        padding-inline-start: 20px;
      }
      .details {
        max-block-size: 200px;
      }
      table {
        inline-size: 100%;
        border-collapse: collapse;
        font-size: var(--ha-font-size-s, 12px);
      }
      th,
      td {
        padding: 4px 8px 4px 0;
        border-block-end: 1px solid var(--sm-divider);
        text-align: start;
        vertical-align: top;
        overflow-wrap: anywhere;
      }
      th {
        color: var(--sm-quiet);
        font-weight: var(--ha-font-weight-medium, 500);
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @property({ attribute: false }) report!: ImportAnswer;
  @property({ attribute: false }) optionText!: OptionText;

  protected override render() {
    const { t, format } = this.panel;
    const { report } = this;
    const counts = [
      [report.added, t("status.added")],
      [report.updated, t("status.updated")],
      [report.unchanged, t("status.unchanged")],
      [report.skipped, t("status.skipped")],
    ] as const;
    return html`<div class="stack">
      <p class="quiet">${t("status.read", { count: format.number(report.read), format: this.optionText("import_format", report.format) })}</p>
      <ul class="counts">
        ${counts.map(([count, label]) => html`<li><strong>${format.number(count)}</strong>${label}</li>`)}
      </ul>
      ${report.complete ? nothing : html`<sm-alert kind="warning">${this.optionText("import_note", "cut_short")}</sm-alert>`}
      ${this.renderTally(t("status.why_skipped"), "import_reason", report.reasons)}
      ${this.renderTally(t("status.notes"), "import_note", report.notes)}
      ${report.ignored.length ? html`<p dir="auto" class="small">${this.optionText("import_note", "ignored")}: ${report.ignored.join(", ")}</p>` : nothing}
      ${this.renderDetails()}
    </div>`;
  }

  private renderTally(heading: string, selector: "import_reason" | "import_note", tally: Record<string, number>) {
    const entries = Object.entries(tally);
    if (entries.length === 0) return nothing;
    return html`<div>
      <h3>${heading}</h3>
      <ul>
        ${entries.map(([name, count]) => html`<li>${this.panel.format.number(count)} × ${this.optionText(selector, name)}</li>`)}
      </ul>
    </div>`;
  }

  private renderDetails() {
    const { t } = this.panel;
    const { details } = this.report;
    if (details.length === 0) return nothing;
    return html`<div class="details scroll" tabindex="0" role="region" aria-label=${t("status.first_skipped")}>
      <table>
        <thead>
          <tr>
            <th scope="col">${this.optionText("import_note", "line")}</th>
            <th scope="col">${t("activity.field_key")}</th>
            <th scope="col">${t("status.reason")}</th>
          </tr>
        </thead>
        <tbody>
          ${details.map(
            ({ line, key, reason, detail }) => html`<tr>
              <td>${line}</td>
              <td dir="auto">${key || "–"}</td>
              <td dir="auto">${[this.optionText("import_reason", reason), detail].filter(Boolean).join(": ")}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }
}
