import { mdiTimerSandEmpty } from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "../elements/select.ts";
import "../elements/text-field.ts";
import { fire } from "../fire.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, tokens } from "../styles.ts";
import { fromLocal, inDays, toLocal } from "./times.ts";

const DAYS = { day: 1, week: 7, month: 30, year: 365 } as const;
type Span = keyof typeof DAYS;

/** When a memory ends: never, after a while, or at a time. `value` is ISO 8601 or null; fires `sm-change`. */
@customElement("sm-expiry-field")
export class SmExpiryField extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: grid;
        gap: 8px;
        min-inline-size: 0;
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @property() label = "";
  @property({ attribute: false }) value: string | null | undefined = null;
  /** Whether it may be left to the options, which `undefined` stands for. */
  @property({ type: Boolean }) optional = false;
  @property({ type: Boolean, reflect: true }) disabled = false;
  @property({ type: Boolean }) unlabelled = false;
  /** The span that was chosen last, as long as its time is the value. */
  @state() private span?: Span;
  private spanValue?: string;

  private set(value: string | null | undefined): void {
    this.value = value;
    fire(this, "sm-change", { value });
  }

  private get choice(): string {
    if (this.value === undefined) return "default";
    if (this.value === null) return "never";
    return this.span && this.value === this.spanValue ? this.span : "date";
  }

  private choose(choice: string): void {
    this.span = choice in DAYS ? (choice as Span) : undefined;
    this.spanValue = this.span && inDays(DAYS[this.span]);
    if (choice === "default") this.set(undefined);
    else if (choice === "never") this.set(null);
    else this.set(this.spanValue ?? this.value ?? inDays(DAYS.week));
  }

  protected override render() {
    const { t, format, info } = this.panel;
    const days = info.settings.default_expiry_days;
    const options = [
      ...(this.optional
        ? [{ value: "default", label: days ? t("expiry.default", { days }) : t("expiry.default_never") }]
        : []),
      ...(this.optional && !days ? [] : [{ value: "never", label: t("expiry.never") }]),
      { value: "day", label: t("expiry.day") },
      { value: "week", label: t("expiry.week") },
      { value: "month", label: t("expiry.month") },
      { value: "year", label: t("expiry.year") },
      { value: "date", label: t("expiry.date") },
    ];
    const value = this.value && this.choice === "date" ? this.value : null;
    return html`
      <sm-select
        .label=${this.label}
        .icon=${mdiTimerSandEmpty}
        .options=${options}
        .value=${this.choice}
        .unlabelled=${this.unlabelled}
        ?disabled=${this.disabled}
        @sm-change=${(event: CustomEvent<{ value: string }>) => {
          event.stopPropagation();
          this.choose(event.detail.value);
        }}
      ></sm-select>
      ${
        value
          ? html`<sm-text-field
              type="datetime-local"
              unlabelled
              .label=${t("expiry.when")}
              .value=${toLocal(value)}
              .help=${format.relative(value)}
              ?disabled=${this.disabled}
              @sm-input=${(event: CustomEvent<{ value: string }>) => event.detail.value && this.set(fromLocal(event.detail.value))}
            ></sm-text-field>`
          : nothing
      }
    `;
  }
}
