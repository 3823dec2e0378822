import { mdiChevronDown, mdiChevronUp } from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { RecallEntry } from "../api/types.ts";
import "../elements/icon-button.ts";
import "../elements/icon.ts";
import type { PanelContext } from "../panel/context.ts";
import { hitList, hitStyles } from "../panel/hit-list.ts";
import { base, scrolling, tokens } from "../styles.ts";
import { entryStyles } from "./entry-styles.ts";
import { KIND_ICONS, wayOf } from "./kinds.ts";

/** A recall in the timeline; opened it shows what the model saw. */
@customElement("sm-recall-entry")
export class SmRecallEntry extends LitElement {
  static override styles = [
    tokens,
    base,
    scrolling,
    entryStyles,
    hitStyles,
    css`
      .end {
        display: flex;
        align-items: flex-start;
        gap: 4px;
      }
      .end sm-icon-button {
        margin: -8px -10px -8px 0;
      }
      :host(:dir(rtl)) .end sm-icon-button {
        margin: -8px 0 -8px -10px;
      }
      .saw {
        grid-column: 2 / -1;
        margin-block-start: 8px;
        padding: 12px;
        border-radius: var(--sm-radius-small);
        background: var(--sm-hover);
      }
      h4 {
        margin: 0 0 4px;
        font-size: inherit;
        font-weight: var(--ha-font-weight-medium, 500);
      }
      h4:not(:first-child) {
        margin-block-start: 16px;
      }
      .facts {
        color: var(--sm-quiet);
        font-size: var(--ha-font-size-s, 12px);
      }
      ol {
        margin-block-start: 8px;
      }
      pre {
        max-block-size: 320px;
        margin: 0;
        padding: 10px 12px;
        border: 1px solid var(--sm-divider);
        border-radius: 6px;
        background: var(--sm-surface);
        font-family: var(--ha-font-family-code, ui-monospace, monospace);
        font-size: 12px;
        line-height: 1.5;
        text-align: left;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      @media (max-width: 600px) {
        .saw {
          grid-column: 1 / -1;
        }
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @property({ attribute: false }) entry!: RecallEntry;
  @state() private opened = false;

  protected override render() {
    const { panel, entry } = this;
    const { t, format } = panel;
    const asked = entry.answer !== null;
    const label = t(this.opened ? "activity.close" : asked ? "activity.show_saw" : "activity.show_found");
    return html`<article>
      <div class="icon recall"><sm-icon .path=${KIND_ICONS.recall}></sm-icon></div>
      <div class="main">
        <h3><span class="what">${t("activity.recall")}</span> <q dir="auto">${entry.query}</q></h3>
        <p class="text">${entry.hits.length ? t("activity.hits", { count: format.number(entry.hits.length) }) : t("activity.nothing")}</p>
        <div class="way">${wayOf(entry, panel)}</div>
      </div>
      <div class="end">
        <time datetime=${entry.at} title=${format.dateTime(entry.at)}>${format.time(entry.at)}</time>
        <sm-icon-button
          .path=${this.opened ? mdiChevronUp : mdiChevronDown}
          .label=${label}
          .expanded=${this.opened}
          @click=${() => {
            this.opened = !this.opened;
          }}
        ></sm-icon-button>
      </div>
      ${this.opened ? this.renderSaw(asked) : nothing}
    </article>`;
  }

  private renderSaw(asked: boolean) {
    const { t, format } = this.panel;
    const { entry } = this;
    const facts = [
      entry.model ? t("activity.model", { model: entry.model }) : t("activity.words_only"),
      entry.threshold === null ? "" : t("activity.threshold", { score: format.percent(entry.threshold) }),
      t("activity.took", { time: format.number(Math.round(entry.took_ms * 10) / 10) }),
    ];
    return html`<div class="saw">
      <h4>${t("activity.found")}</h4>
      <p class="facts">${facts.filter(Boolean).join(" · ")}</p>
      ${entry.hits.length ? hitList(this.panel, entry.hits) : html`<p class="text">${t("activity.nothing")}</p>`}
      ${
        asked
          ? html`<h4>${t("activity.saw")}</h4>
              <pre class="scroll" dir="ltr" tabindex="0" role="region" aria-label=${t("activity.saw")}>${JSON.stringify(entry.answer, null, 2)}</pre>`
          : nothing
      }
    </div>`;
  }
}
