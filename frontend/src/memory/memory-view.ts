import {
  mdiAlertCircleOutline,
  mdiArrowLeft,
  mdiClose,
  mdiContentCopy,
  mdiDeleteForeverOutline,
  mdiDotsVertical,
  mdiDownloadOutline,
  mdiPin,
  mdiPinOutline,
  mdiTrashCanOutline,
} from "@mdi/js";
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { errorText } from "../api/errors.ts";
import type { ChangeEntry, GetAnswer, HistoryEntry } from "../api/types.ts";
import "../activity/change-entry.ts";
import "../elements/alert.ts";
import "../elements/button.ts";
import "../elements/card.ts";
import "../elements/empty.ts";
import "../elements/icon-button.ts";
import "../elements/menu.ts";
import "../elements/spinner.ts";
import { LiveController, type PanelContext } from "../panel/context.ts";
import { base, scrolling, tokens } from "../styles.ts";
import { type Fields, fieldsOf } from "./draft.ts";
import "./memory-form.ts";
import type { SmMemoryForm } from "./memory-form.ts";
import { memoryStyles } from "./memory-styles.ts";
import { MemoryModel } from "./model.ts";
import "./origin-card.ts";
import { mayPurge } from "./owners.ts";
import "./similar-list.ts";
import "./unsaved-dialog.ts";
import type { SmUnsavedDialog } from "./unsaved-dialog.ts";

/** As many similar ones are shown. */
const SIMILAR = 5;

/** One memory: everything about it, to be changed in place. */
@customElement("sm-memory-view")
export class SmMemoryView extends LitElement {
  static override styles = [tokens, base, scrolling, memoryStyles];

  @property({ attribute: false }) panel!: PanelContext;
  @property() memoryId = "";
  /** Whether the list is beside it. */
  @property({ type: Boolean }) beside = false;
  @property({ attribute: false }) knownTags: readonly string[] = [];

  @state() private purging = false;
  @query("sm-memory-form") private form?: SmMemoryForm;
  @query("sm-unsaved-dialog") private unsaved!: SmUnsavedDialog;

  private readonly model = new MemoryModel(this);

  constructor() {
    super();
    new LiveController(this, (event) => this.model.onEvent(event));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("beforeunload", this.onUnload);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("beforeunload", this.onUnload);
    this.panel.setGuard(null);
  }

  protected override updated(changed: PropertyValues<this>): void {
    this.panel.setGuard(this.model.draft ? this.mayLeave : null);
    if (!changed.has("memoryId")) return;
    this.shadowRoot?.querySelector(".scroll")?.scrollTo(0, 0);
    // Where it takes the place of the list, the focus goes along.
    if (!this.beside) this.shadowRoot?.querySelector<HTMLElement>(".bar sm-icon-button")?.focus();
  }

  private onUnload = (event: BeforeUnloadEvent): void => {
    if (this.model.draft) event.preventDefault();
  };

  private mayLeave = async (): Promise<boolean> => {
    const answer = await this.unsaved.ask();
    if (answer === "save") return this.model.save();
    if (answer === "discard") this.model.discard();
    return answer === "discard";
  };

  private close = (): void => {
    this.panel.go({ tab: "memories" });
  };

  private save = async (): Promise<void> => {
    this.form?.commit();
    await this.model.save();
  };

  private onAction = (event: CustomEvent<{ value: string }>): void => {
    const { model } = this;
    switch (event.detail.value) {
      case "copy":
        return void model.copy();
      case "export":
        return void model.export();
      case "forget":
        return void model.forget();
      default:
        this.purging = true;
    }
  };

  protected override render() {
    const { model, panel } = this;
    const { t } = panel;
    return html`
      ${this.renderBar()}
      ${
        model.answer
          ? this.renderMemory(model.answer)
          : model.error
            ? html`<sm-empty .icon=${mdiAlertCircleOutline} .heading=${t("memory.not_there")} .text=${errorText(t, model.error)}>
                <sm-button variant="filled" @click=${model.load}>${t("common.retry")}</sm-button>
              </sm-empty>`
            : html`<div class="wait"><sm-spinner .label=${t("common.loading")}></sm-spinner></div>`
      }
      <sm-unsaved-dialog .panel=${panel}></sm-unsaved-dialog>
      ${this.renderPurge()}
    `;
  }

  private renderBar() {
    const { model, beside } = this;
    const { t, info } = this.panel;
    const memory = model.answer?.memory;
    const live = memory && !memory.deleted_at && !model.gone;
    const items = [
      { value: "copy", label: t("memory.copy"), icon: mdiContentCopy },
      { value: "export", label: t("bulk.export"), icon: mdiDownloadOutline },
      ...(live && info.can_change
        ? [{ value: "forget", label: t("memory.forget"), icon: mdiTrashCanOutline, danger: true, divider: true }]
        : []),
      ...(memory && mayPurge(this.panel, [memory.owner])
        ? [{ value: "purge", label: t("bulk.purge"), icon: mdiDeleteForeverOutline, danger: true, divider: !live }]
        : []),
    ];
    return html`<div class="bar">
      <sm-icon-button .path=${beside ? mdiClose : mdiArrowLeft} flip .label=${t(beside ? "common.close" : "common.back")} @click=${this.close}></sm-icon-button>
      <h2>${t("memory.heading")}</h2>
      ${
        live && info.can_change
          ? html`<sm-icon-button
                .path=${memory.pinned ? mdiPin : mdiPinOutline}
                .selected=${memory.pinned}
                .label=${t("memory.pin")}
                @click=${() => model.pin(!memory.pinned)}
              ></sm-icon-button>
              <sm-icon-button .path=${mdiTrashCanOutline} .label=${t("memory.forget")} @click=${model.forget}></sm-icon-button>`
          : nothing
      }
      ${
        memory && !model.gone
          ? html`<sm-menu .items=${items} .label=${t("memory.more")} @sm-select=${this.onAction}>
              <sm-icon-button slot="trigger" popup="menu" .path=${mdiDotsVertical} .label=${t("memory.more")}></sm-icon-button>
            </sm-menu>`
          : nothing
      }
    </div>`;
  }

  private renderMemory(answer: GetAnswer) {
    const { model, panel } = this;
    const { t } = panel;
    const { memory } = answer;
    const locked = !panel.info.can_change || memory.deleted_at !== null || model.gone;
    return html`
      <div class="content scroll">
        ${this.renderNotices(answer)}
        <sm-card>
          <sm-memory-form
            .panel=${panel}
            .memory=${memory}
            .fields=${{ ...fieldsOf(memory), ...model.draft?.changes }}
            .disabled=${locked}
            .knownTags=${this.knownTags}
            @sm-edit=${(event: CustomEvent<Partial<Fields>>) => model.edit(event.detail)}
            @keydown=${(event: KeyboardEvent) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && void this.save()}
          ></sm-memory-form>
        </sm-card>
        <sm-origin-card .panel=${panel} .answer=${answer}></sm-origin-card>
        ${
          model.similar?.length
            ? html`<sm-card .heading=${t("memory.similar")}>
                <sm-similar-list .panel=${panel} .hits=${model.similar.slice(0, SIMILAR)}></sm-similar-list>
              </sm-card>`
            : nothing
        }
        ${
          answer.history.length
            ? html`<sm-card flush .heading=${t("memory.history")}>
                <ol>${answer.history.map((entry) => html`<li>${this.renderEntry(entry)}</li>`)}</ol>
              </sm-card>`
            : nothing
        }
      </div>
      ${this.renderSave()}
    `;
  }

  private renderEntry(entry: HistoryEntry) {
    const { key } = this.model.answer?.memory ?? { key: "" };
    const change: ChangeEntry = { ...entry, type: "change", id: String(entry.id), memory_id: this.memoryId, key };
    return html`<sm-change-entry own .panel=${this.panel} .entry=${change} .undoable=${entry.undoable}></sm-change-entry>`;
  }

  /** What one has to know before anything else. */
  private renderNotices({ memory }: GetAnswer) {
    const { model, panel } = this;
    const { t, format, info } = panel;
    if (model.gone) return html`<sm-alert kind="warning">${t("memory.gone")}</sm-alert>`;
    if (memory.deleted_at) {
      return html`<sm-alert kind="info">
        ${t("memory.is_forgotten", { when: format.relative(memory.deleted_at), days: info.settings.forgotten_days })}
        ${info.can_change ? html`<sm-button slot="action" variant="tonal" @click=${model.restore}>${t("bulk.restore")}</sm-button>` : nothing}
      </sm-alert>`;
    }
    const { conflicts } = model;
    if (!conflicts.length) return nothing;
    const names = new Intl.ListFormat(panel.hass.language).format(conflicts.map((name) => t(`activity.field_${name}`)));
    return html`<sm-alert kind="warning">
      ${t("memory.conflict", { names })}
      ${conflicts.includes("value") ? html`<q dir="auto">${memory.value}</q>` : nothing}
      <div slot="action">
        <sm-button @click=${model.takeTheirs}>${t("memory.take_theirs")}</sm-button>
        <sm-button @click=${model.keepMine}>${t("memory.keep_mine")}</sm-button>
      </div>
    </sm-alert>`;
  }

  private renderSave() {
    const { model } = this;
    const { t } = this.panel;
    if (!model.draft || model.gone) return nothing;
    const { value = "-", key = "-" } = model.draft.changes;
    return html`<div class="save" role="region" aria-label=${t("memory.unsaved")}>
      <span>${t("memory.unsaved")}</span>
      <sm-button @click=${model.discard}>${t("memory.discard")}</sm-button>
      <sm-button variant="filled" .loading=${model.busy} ?disabled=${!value.trim() || !key.trim()} @click=${this.save}>${t("memory.save")}</sm-button>
    </div>`;
  }

  private renderPurge() {
    const { t } = this.panel;
    const close = () => {
      this.purging = false;
    };
    return html`<sm-dialog .open=${this.purging} .heading=${t("bulk.purge")} .closeLabel=${t("common.close")} @sm-close=${close}>
      <p>${t("bulk.purge_warning_one")}</p>
      <sm-button slot="actions" @click=${close}>${t("common.cancel")}</sm-button>
      <sm-button
        slot="actions"
        variant="danger"
        @click=${() => {
          close();
          void this.model.purge();
        }}
      >${t("bulk.purge_confirm")}</sm-button>
    </sm-dialog>`;
  }
}
