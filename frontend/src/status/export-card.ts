import { mdiDownload } from "@mdi/js";
import { html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Filter } from "../api/types.ts";
import { download } from "../download.ts";
import "../elements/button.ts";
import "../elements/card.ts";
import "../elements/select.ts";
import "../elements/switch.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, tokens } from "../styles.ts";
import { EXPORT_FORMATS, type OptionText } from "./selector-texts.ts";
import { statusStyles } from "./status-styles.ts";

type Which = "all" | "own" | "household" | "pinned";

/** Writes memories to a file that the browser saves. */
@customElement("sm-export-card")
export class SmExportCard extends LitElement {
  static override styles = [tokens, base, statusStyles];

  @property({ attribute: false }) panel!: PanelContext;
  @property({ attribute: false }) optionText!: OptionText;
  @state() private format: (typeof EXPORT_FORMATS)[number] = "jsonl";
  @state() private which: Which = "all";
  @state() private history = false;
  @state() private working = false;

  private get filter(): Filter {
    const { userId } = this.panel;
    const filters: Record<Which, Filter> = {
      all: {},
      own: { owner: userId },
      household: { owner: "household" },
      pinned: { pinned: true },
    };
    return filters[this.which];
  }

  private async export(): Promise<void> {
    const { panel, format, filter } = this;
    this.working = true;
    try {
      const history = format === "jsonl" && this.history;
      const answer = await panel.api.export({ format, filter, history });
      download(answer, panel.hass);
      const count = panel.format.number(answer.memories);
      panel.toast({ message: panel.t("status.exported", { count, size: panel.format.bytes(answer.size) }) });
    } catch (reason) {
      panel.fail(reason);
    } finally {
      this.working = false;
    }
  }

  protected override render() {
    const { t, ownerName, userId } = this.panel;
    return html`<sm-card .heading=${t("status.export")}>
      <div class="stack">
        <p class="quiet">${t("status.export_text")}</p>
        <div class="row fields">
          <sm-select
            .label=${t("status.export_which")}
            .value=${this.which}
            .options=${[
              { value: "all", label: t("status.export_all") },
              { value: "own", label: t("status.export_own", { name: ownerName(userId) }) },
              { value: "household", label: t("common.household") },
              { value: "pinned", label: t("status.export_pinned") },
            ]}
            @sm-change=${(event: CustomEvent<{ value: Which }>) => {
              this.which = event.detail.value;
            }}
          ></sm-select>
          <sm-select
            .label=${t("status.format")}
            .value=${this.format}
            .options=${EXPORT_FORMATS.map((value) => ({ value, label: this.optionText("export_format", value) }))}
            @sm-change=${(event: CustomEvent<{ value: (typeof EXPORT_FORMATS)[number] }>) => {
              this.format = event.detail.value;
            }}
          ></sm-select>
        </div>
        <sm-switch
          .label=${t("status.export_history")}
          .checked=${this.history && this.format === "jsonl"}
          .disabled=${this.format !== "jsonl"}
          @sm-change=${(event: CustomEvent<{ checked: boolean }>) => {
            this.history = event.detail.checked;
          }}
        ></sm-switch>
        <div class="row end">
          <sm-button variant="filled" .icon=${mdiDownload} .loading=${this.working} @click=${() => void this.export()}>${t("status.download")}</sm-button>
        </div>
      </div>
    </sm-card>`;
  }
}
