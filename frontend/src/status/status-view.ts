import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Api } from "../api/client.ts";
import type { StatusAnswer } from "../api/types.ts";
import "../elements/spinner.ts";
import { LiveController, type PanelContext } from "../panel/context.ts";
import { renderFailure } from "../panel/failure.ts";
import type { LiveEvent } from "../panel/live.ts";
import { base, scrolling, tokens } from "../styles.ts";
import "./engine-card.ts";
import "./export-card.ts";
import "./import-card.ts";
import "./recall-card.ts";
import { loadOptionTexts, type OptionText } from "./selector-texts.ts";
import "./snapshots-card.ts";
import "./storage-card.ts";

/** Milliseconds between a change and counting anew. */
const SETTLED = 1_000;

/** How the memory is doing, and what can be done for it. */
@customElement("sm-status-view")
export class SmStatusView extends LitElement {
  static override styles = [
    tokens,
    base,
    scrolling,
    css`
      :host {
        display: block;
      }
      .page {
        block-size: 100%;
        padding: 16px;
      }
      .columns {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr));
        gap: 16px;
        align-items: start;
        max-inline-size: 1360px;
        margin-inline: auto;
      }
      .column {
        display: flex;
        flex-direction: column;
        gap: 16px;
        min-inline-size: 0;
      }
      .wait {
        display: grid;
        place-items: center;
        block-size: 100%;
      }
      @media (max-width: 600px) {
        .page {
          padding: 8px;
        }
        .columns,
        .column {
          gap: 8px;
        }
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @state() private status: StatusAnswer | null = null;
  @state() private failure: unknown = null;
  @state() private optionText: OptionText = (_selector, option) => option;

  private api?: Api;
  private language = "";
  private settling = 0;

  constructor() {
    super();
    new LiveController(this, (event) => this.happened(event));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.settling);
  }

  protected override willUpdate(_changed: PropertyValues): void {
    const { api, hass } = this.panel;
    if (api !== this.api) {
      this.api = api;
      this.status = null;
      void this.load();
    }
    if (hass.language !== this.language) {
      this.language = hass.language;
      void loadOptionTexts(hass).then((optionText) => {
        this.optionText = optionText;
      }, this.panel.fail);
    }
  }

  private load = async (): Promise<void> => {
    const { api } = this.panel;
    this.failure = null;
    try {
      const status = await api.status();
      if (api === this.panel.api) this.status = status;
    } catch (reason) {
      // What is shown already stays: the next event brings what is new.
      if (api === this.panel.api && !this.status) this.failure = reason;
    }
  };

  /** The engine's own state comes live; what has to be counted follows when things have settled. */
  private happened(event: LiveEvent): void {
    if (event.kind === "recall") return;
    clearTimeout(this.settling);
    this.settling = window.setTimeout(() => void this.load(), SETTLED);
  }

  protected override render() {
    const { panel, status, optionText } = this;
    if (this.failure) return renderFailure(panel, this.failure, () => void this.load());
    if (!status) return html`<div class="wait"><sm-spinner .label=${panel.t("common.loading")}></sm-spinner></div>`;
    const engine = panel.live.status ?? status.engine;
    return html`<div class="page scroll">
      <div class="columns">
        <div class="column">
          <sm-engine-card .panel=${panel} .status=${status} .engine=${engine}></sm-engine-card>
          <sm-storage-card .panel=${panel} .status=${status} .engine=${engine}></sm-storage-card>
          ${
            status.snapshots
              ? html`<sm-snapshots-card .panel=${panel} .snapshots=${status.snapshots} @sm-changed=${this.load}></sm-snapshots-card>`
              : nothing
          }
        </div>
        <div class="column">
          <sm-recall-card .panel=${panel}></sm-recall-card>
          ${panel.isAdmin ? html`<sm-import-card .panel=${panel} .optionText=${optionText}></sm-import-card>` : nothing}
          <sm-export-card .panel=${panel} .optionText=${optionText}></sm-export-card>
        </div>
      </div>
    </div>`;
  }
}
