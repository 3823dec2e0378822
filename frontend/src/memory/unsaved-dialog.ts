import { html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "../elements/button.ts";
import "../elements/dialog.ts";
import type { PanelContext } from "../panel/context.ts";

export type Answer = "save" | "discard" | "stay";

/** Asks what becomes of changes that are not saved. */
@customElement("sm-unsaved-dialog")
export class SmUnsavedDialog extends LitElement {
  @property({ attribute: false }) panel!: PanelContext;
  @state() private open = false;
  private answer: (answer: Answer) => void = () => undefined;

  ask(): Promise<Answer> {
    this.open = true;
    return new Promise((resolve) => {
      this.answer = resolve;
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.choose("stay");
  }

  private choose(answer: Answer): void {
    this.open = false;
    this.answer(answer);
  }

  protected override render() {
    const { t } = this.panel;
    return html`<sm-dialog
      .open=${this.open}
      .heading=${t("memory.unsaved_heading")}
      .closeLabel=${t("common.close")}
      @sm-close=${() => this.choose("stay")}
    >
      ${t("memory.unsaved_text")}
      <sm-button slot="actions" @click=${() => this.choose("stay")}>${t("memory.stay")}</sm-button>
      <sm-button slot="actions" variant="danger-text" @click=${() => this.choose("discard")}>${t("memory.discard")}</sm-button>
      <sm-button slot="actions" variant="filled" @click=${() => this.choose("save")}>${t("memory.save")}</sm-button>
    </sm-dialog>`;
  }
}
