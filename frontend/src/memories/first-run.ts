import { mdiBrain, mdiCheckCircleOutline, mdiMicrophoneMessage, mdiPencilOutline, mdiRobotOutline } from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { errorText } from "../api/errors.ts";
import "../elements/alert.ts";
import "../elements/button.ts";
import "../elements/card.ts";
import "../elements/icon.ts";
import "../elements/text-field.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, tokens } from "../styles.ts";

const EXAMPLES = ["say_1", "say_2", "say_3", "ask_1"] as const;

/** For a store in which nothing is yet: what to say to Assist, a box for the first memory, and how Assist gets at it. */
@customElement("sm-first-run")
export class SmFirstRun extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: block;
      }
      .page {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(340px, 100%), 1fr));
        gap: 16px;
        max-inline-size: 1040px;
        margin: 0 auto;
        padding: 24px 16px 48px;
      }
      .hello {
        display: flex;
        grid-column: 1 / -1;
        flex-direction: column;
        align-items: center;
        gap: 8px;
        padding: 24px 0 16px;
        text-align: center;
      }
      .hello sm-icon {
        padding: 20px;
        border-radius: 50%;
        background: var(--sm-tint);
        color: var(--sm-strong);
        box-sizing: content-box;
        --sm-icon-size: 48px;
      }
      .hello h2 {
        margin-block-start: 8px;
        font-size: var(--ha-font-size-2xl, 24px);
        font-weight: var(--ha-font-weight-normal, 400);
      }
      .hello p {
        max-inline-size: 60ch;
        color: var(--sm-quiet);
      }
      ul {
        display: grid;
        gap: 8px;
        margin: 0 0 8px;
        padding: 0;
        list-style: none;
      }
      q {
        display: block;
        inline-size: fit-content;
        padding: 8px 14px;
        border-radius: 16px;
        border-end-start-radius: 4px;
        background: var(--sm-tint);
      }
      p {
        margin-block-end: 12px;
      }
      .quiet {
        color: var(--sm-quiet);
      }
      .line {
        display: flex;
        align-items: flex-start;
        gap: 12px;
      }
      .line sm-icon {
        margin-block-start: -2px;
        color: var(--sm-success);
      }
      .actions {
        display: flex;
        justify-content: flex-end;
        margin-block-start: 12px;
      }
      .whole {
        grid-column: 1 / -1;
      }
      sm-alert {
        margin-block-end: 12px;
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @state() private value = "";
  @state() private busy = false;
  @state() private error?: unknown;

  private store = async (): Promise<void> => {
    const { api, t, toast } = this.panel;
    if (!this.value.trim()) return;
    this.busy = true;
    this.error = undefined;
    try {
      await api.set({ value: this.value, scope: "user" });
      toast({ message: t("add.added") });
      this.value = "";
    } catch (reason) {
      this.error = reason;
    }
    this.busy = false;
  };

  protected override render() {
    const { t } = this.panel;
    return html`<div class="page">
      <div class="hello">
        <sm-icon .path=${mdiBrain}></sm-icon>
        <h2>${t("first.heading")}</h2>
        <p>${t("first.text")}</p>
      </div>
      <sm-card class=${this.panel.info.can_change ? "" : "whole"} .heading=${t("first.say_heading")}>
        <sm-icon slot="header-end" .path=${mdiMicrophoneMessage}></sm-icon>
        <p class="quiet">${t("first.say_text")}</p>
        <ul>
          ${EXAMPLES.map((example) => html`<li><q>${t(`first.${example}`)}</q></li>`)}
        </ul>
      </sm-card>
      ${this.panel.info.can_change ? this.renderBox() : nothing}
      <sm-card class="whole" .heading=${t("first.assist_heading")}>
        <sm-icon slot="header-end" .path=${mdiRobotOutline}></sm-icon>
        ${this.renderAssist()}
      </sm-card>
    </div>`;
  }

  private renderBox() {
    const { t, userId, info, ownerName } = this.panel;
    const text = userId === info.user_id ? t("first.box_text") : t("first.box_text_for", { name: ownerName(userId) });
    return html`<sm-card .heading=${t("first.box_heading")}>
      <sm-icon slot="header-end" .path=${mdiPencilOutline}></sm-icon>
      <p class="quiet" dir="auto">${text}</p>
      ${this.error ? html`<sm-alert kind="error">${errorText(t, this.error)}</sm-alert>` : nothing}
      <sm-text-field
        multiline
        unlabelled
        .label=${t("memory.value")}
        .placeholder=${t("add.example")}
        .value=${this.value}
        .maxLength=${16_384}
        @sm-input=${(event: CustomEvent<{ value: string }>) => {
          this.value = event.detail.value;
        }}
        @keydown=${(event: KeyboardEvent) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && void this.store()}
      ></sm-text-field>
      <div class="actions">
        <sm-button variant="filled" .loading=${this.busy} ?disabled=${!this.value.trim()} @click=${this.store}>${t("add.store")}</sm-button>
      </div>
    </sm-card>`;
  }

  /** Whether Assist has the memory's tools, and what to do where it has not. */
  private renderAssist() {
    const { t, info, isAdmin } = this.panel;
    const { agents, exposed_to_assist: exposed } = info;
    if (!agents.length) {
      return html`<sm-alert kind="info">${t("first.no_agent")}</sm-alert>
        <p class="quiet">${t("first.no_agent_help")}</p>
        ${isAdmin ? html`<a href="/config/voice-assistants/assistants">${t("first.open_assistants")}</a>` : nothing}`;
    }
    const names = new Intl.ListFormat(this.panel.hass.language).format(agents.map(({ name }) => name));
    if (exposed) {
      return html`<div class="line">
        <sm-icon .path=${mdiCheckCircleOutline}></sm-icon>
        <p dir="auto">${t("first.exposed", { names })}</p>
      </div>
      <p class="quiet">${t("first.exposed_help")}</p>`;
    }
    return html`<p>${t("first.not_exposed")}</p>
      <p class="quiet">${t("first.not_exposed_help")}</p>
      ${isAdmin ? html`<a href="/config/integrations/integration/semantic_memory">${t("first.open_integration")}</a>` : nothing}`;
  }
}
