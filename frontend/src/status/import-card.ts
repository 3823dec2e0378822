import { mdiFileUploadOutline } from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { errorText } from "../api/errors.ts";
import type { ImportAnswer } from "../api/types.ts";
import "../elements/alert.ts";
import "../elements/button.ts";
import "../elements/card.ts";
import "../elements/icon.ts";
import "../elements/select.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, hiddenText, tokens } from "../styles.ts";
import "./import-report.ts";
import { IMPORT_FORMATS, type OptionText } from "./selector-texts.ts";
import { statusStyles } from "./status-styles.ts";
import { upload } from "./upload.ts";

/** Takes memories in from a file: first it is shown what would happen, then it happens. */
@customElement("sm-import-card")
export class SmImportCard extends LitElement {
  static override styles = [
    tokens,
    base,
    hiddenText,
    statusStyles,
    css`
      .drop {
        display: flex;
        flex-direction: column;
        align-items: center;
        gap: 4px;
        inline-size: 100%;
        padding: 20px 16px;
        border: 2px dashed var(--sm-divider);
        border-radius: var(--sm-radius-small);
        background: none;
        text-align: center;
        overflow-wrap: anywhere;
      }
      .drop:hover,
      .drop.over {
        border-color: var(--sm-strong);
        background: var(--sm-tint);
      }
      .drop sm-icon {
        color: var(--sm-strong);
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @property({ attribute: false }) optionText!: OptionText;

  @state() private file: File | null = null;
  @state() private format = "automatic";
  @state() private owner = "household";
  @state() private report: ImportAnswer | null = null;
  @state() private problem: unknown = null;
  @state() private working = false;
  @state() private over = false;

  @query("input") private input!: HTMLInputElement;
  /** Of the file as Home Assistant has it. */
  private fileId: string | null = null;

  private choose(file: File | null | undefined): void {
    if (!file || this.working) return;
    this.file = file;
    this.input.value = ""; // so that the same file can be chosen again
    this.fileId = null;
    this.report = null;
    void this.run(true);
  }

  private async run(trial: boolean): Promise<void> {
    const { panel, file } = this;
    if (!file || this.working) return;
    this.working = true;
    this.problem = null;
    try {
      this.fileId ??= await upload(panel.hass, file, panel.t);
      this.report = await panel.api.import({
        file_id: this.fileId,
        owner: this.owner || null,
        dry_run: trial,
        ...(this.format !== "automatic" && { format: this.format }),
      });
      if (!trial) this.fileId = null;
    } catch (reason) {
      // What was uploaded may be gone by now: the next attempt hands it over again.
      this.fileId = null;
      this.report = null;
      this.problem = reason;
    } finally {
      this.working = false;
    }
  }

  private set(change: { format?: string; owner?: string }): void {
    Object.assign(this, change);
    if (this.file && (this.report === null || this.report.dry_run)) void this.run(true);
  }

  private reset(): void {
    this.file = null;
    this.fileId = null;
    this.report = null;
    this.problem = null;
  }

  protected override render() {
    const { t } = this.panel;
    const done = this.report !== null && !this.report.dry_run;
    return html`<sm-card .heading=${t("status.import")}>
      <div class="stack">
        <p class="quiet">${t("status.import_text")}</p>
        ${done ? nothing : html`${this.renderFile()} ${this.renderChoices()}`}
        <div role="status">${this.problem ? this.renderProblem() : this.report ? this.renderVerdict(this.report) : nothing}</div>
        ${
          this.report
            ? html`<sm-import-report .panel=${this.panel} .report=${this.report} .optionText=${this.optionText}></sm-import-report>`
            : nothing
        }
        ${this.report ? this.renderActions(this.report) : nothing}
      </div>
    </sm-card>`;
  }

  private renderFile() {
    const { t, format } = this.panel;
    const { file } = this;
    return html`<button
        type="button"
        class="drop ${this.over ? "over" : ""}"
        ?disabled=${this.working}
        @click=${() => this.input.click()}
        @dragover=${(event: DragEvent) => {
          event.preventDefault();
          this.over = true;
        }}
        @dragleave=${() => {
          this.over = false;
        }}
        @drop=${(event: DragEvent) => {
          event.preventDefault();
          this.over = false;
          this.choose(event.dataTransfer?.files[0]);
        }}
      >
        <sm-icon .path=${mdiFileUploadOutline}></sm-icon>
        <span dir="auto">${file ? file.name : t("status.choose_file")}</span>
        <span class="quiet small">${this.working ? t("status.looking") : file ? format.bytes(file.size) : t("status.drop_file")}</span>
      </button>
      <input
        type="file"
        hidden
        tabindex="-1"
        @change=${(event: Event) => this.choose((event.target as HTMLInputElement).files?.[0])}
      />`;
  }

  private renderChoices() {
    const { t, info } = this.panel;
    const owners = [
      { value: "household", label: t("common.household") },
      ...info.people.map(({ user_id, name }) => ({ value: user_id, label: name })),
      { value: "", label: this.optionText("import_owner", "nobody") },
    ];
    return html`<div class="row fields">
      <sm-select
        .label=${t("status.import_owner")}
        .help=${t("status.import_owner_help")}
        .value=${this.owner}
        .options=${owners}
        .disabled=${this.working}
        @sm-change=${(event: CustomEvent<{ value: string }>) => this.set({ owner: event.detail.value })}
      ></sm-select>
      <sm-select
        .label=${t("status.format")}
        .value=${this.format}
        .options=${IMPORT_FORMATS.map((value) => ({ value, label: this.optionText("import_format", value) }))}
        .disabled=${this.working}
        @sm-change=${(event: CustomEvent<{ value: string }>) => this.set({ format: event.detail.value })}
      ></sm-select>
    </div>`;
  }

  /** Stays until another file, or another way to read it, is chosen. */
  private renderProblem() {
    return html`<sm-alert kind="error">${errorText(this.panel.t, this.problem)}</sm-alert>`;
  }

  private renderVerdict(report: ImportAnswer) {
    const { t } = this.panel;
    const something = report.added + report.updated > 0;
    if (!report.dry_run) return html`<sm-alert kind="success">${t("status.imported")}</sm-alert>`;
    return html`<sm-alert kind="info">${t(something ? "status.trial" : "status.trial_nothing")}</sm-alert>`;
  }

  private renderActions(report: ImportAnswer) {
    const { t, format } = this.panel;
    const count = report.added + report.updated;
    if (!report.dry_run) {
      return html`<div class="row end"><sm-button variant="outlined" @click=${this.reset}>${t("status.import_another")}</sm-button></div>`;
    }
    return html`<div class="row end">
      <sm-button .disabled=${this.working} @click=${this.reset}>${t("status.cancel")}</sm-button>
      <sm-button variant="filled" .loading=${this.working} .disabled=${count === 0} @click=${() => void this.run(false)}>
        ${t("status.import_now", { count: format.number(count) })}
      </sm-button>
    </div>`;
  }
}
