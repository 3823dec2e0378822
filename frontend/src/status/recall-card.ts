import { mdiMagnify } from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { ExplanationPart, Hit, SearchAnswer } from "../api/types.ts";
import "../elements/button.ts";
import "../elements/card.ts";
import "../elements/text-field.ts";
import type { TextKey } from "../localize.ts";
import type { PanelContext } from "../panel/context.ts";
import { hitList, hitStyles } from "../panel/hit-list.ts";
import { base, hiddenText, tokens } from "../styles.ts";
import { statusStyles } from "./status-styles.ts";

const LIMIT = 10;
const PARTS: Readonly<Record<string, TextKey>> = {
  meaning: "status.part_meaning",
  words: "status.part_words",
  own: "status.part_own",
  time: "status.part_time",
  counterparts: "status.part_counterparts",
  unknown_names: "status.part_unknown_names",
};

/** Asks the memory a question the way an agent does, and shows where the scores come from. */
@customElement("sm-recall-card")
export class SmRecallCard extends LitElement {
  static override styles = [
    tokens,
    base,
    hiddenText,
    statusStyles,
    hitStyles,
    css`
      .ask {
        display: flex;
        align-items: center;
        gap: 8px;
      }
      sm-text-field {
        flex: 1;
      }
      .parts {
        grid-column: 1 / -1;
        display: flex;
        flex-wrap: wrap;
        gap: 2px 16px;
        margin: 0;
      }
      .parts div {
        display: flex;
        gap: 6px;
      }
      .parts :is(dt, dd) {
        font-size: var(--ha-font-size-s, 12px);
        font-variant-numeric: tabular-nums;
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @state() private question = "";
  @state() private answer: SearchAnswer | null = null;
  @state() private asking = false;

  private ask = async (): Promise<void> => {
    const { panel, question } = this;
    if (!question.trim() || this.asking) return;
    this.asking = true;
    try {
      this.answer = await panel.api.search({ query: question.trim(), limit: LIMIT, explain: true });
    } catch (reason) {
      panel.fail(reason);
    } finally {
      this.asking = false;
    }
  };

  protected override render() {
    const { t } = this.panel;
    return html`<sm-card .heading=${t("status.test")}>
      <div class="stack">
        <div class="ask" role="search" aria-label=${t("status.test")}>
          <sm-text-field
            unlabelled
            .label=${t("status.question")}
            .placeholder=${t("status.question")}
            .value=${this.question}
            @keydown=${(event: KeyboardEvent) => event.key === "Enter" && !event.isComposing && void this.ask()}
            @sm-input=${(event: CustomEvent<{ value: string }>) => {
              this.question = event.detail.value;
            }}
          ></sm-text-field>
          <sm-button variant="filled" .icon=${mdiMagnify} .loading=${this.asking} .disabled=${!this.question.trim()} @click=${this.ask}>
            ${t("status.ask")}
          </sm-button>
        </div>
        <div role="status">${this.answer ? this.renderFacts(this.answer) : nothing}</div>
        ${this.answer ? this.renderHits(this.answer) : html`<p class="quiet">${t("status.test_text")}</p>`}
      </div>
    </sm-card>`;
  }

  private renderFacts({ took_ms: took, model, hits, certain }: SearchAnswer) {
    const { t, format, info } = this.panel;
    const facts = [
      hits.length ? t("status.hits", { count: format.number(hits.length) }) : t("status.no_hits"),
      ...(hits.length && !certain ? [t("status.not_certain")] : []),
      t("activity.took", { time: format.number(Math.round(took * 10) / 10) }),
      t("activity.threshold", { score: format.percent(info.settings.threshold) }),
      model ? t("activity.model", { model }) : t("activity.words_only"),
    ];
    return html`<p class="quiet small">${facts.join(" · ")}</p>`;
  }

  private renderHits({ hits }: SearchAnswer) {
    if (hits.length === 0) return html`<p>${this.panel.t("status.no_hits_text")}</p>`;
    return hitList(this.panel, hits, (hit) => this.renderParts(hit));
  }

  private renderParts({ explanation }: Hit) {
    if (!explanation) return nothing;
    return html`<dl class="parts">
      ${explanation.parts.filter(({ value }) => value !== 0).map((part) => this.renderPart(part))}
    </dl>`;
  }

  private renderPart({ name, value, weight, contribution }: ExplanationPart) {
    const { t, format } = this.panel;
    const label = PARTS[name];
    const share = t("status.part", {
      value: format.percent(value),
      weight: format.percent(weight),
      share: format.percent(contribution),
    });
    return html`<div><dt>${label ? t(label) : name}</dt><dd dir="ltr">${share}</dd></div>`;
  }
}
