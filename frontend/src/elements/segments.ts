import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { fire } from "../fire.ts";
import { base, tokens } from "../styles.ts";
import "./icon.ts";

export interface Segment {
  value: string;
  label: string;
  icon?: string;
}

/** One among a few, all of them to be seen. Fires `sm-change`. */
@customElement("sm-segments")
export class SmSegments extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: inline-flex;
        max-inline-size: 100%;
      }
      [role="radiogroup"] {
        display: flex;
        min-inline-size: 0;
        padding: 3px;
        border: 1px solid var(--sm-divider);
        border-radius: var(--sm-radius-small);
        background: var(--sm-surface);
      }
      button {
        display: flex;
        align-items: center;
        justify-content: center;
        gap: 6px;
        min-inline-size: 0;
        min-block-size: 32px;
        padding: 2px 12px;
        border: 0;
        border-radius: 6px;
        background: none;
        white-space: nowrap;
        --sm-icon-size: 18px;
      }
      button:not([aria-checked="true"]):hover {
        background: var(--sm-hover);
      }
      [aria-checked="true"] {
        background: color-mix(in srgb, var(--sm-primary) 18%, var(--sm-surface));
        color: var(--sm-strong);
        font-weight: var(--ha-font-weight-medium, 500);
      }
    `,
  ];

  @property() label = "";
  @property() value = "";
  @property({ attribute: false }) segments: Segment[] = [];

  private choose(value: string): void {
    if (value === this.value) return;
    this.value = value;
    fire(this, "sm-change", { value });
  }

  private async onKey(event: KeyboardEvent): Promise<void> {
    const forward = getComputedStyle(this).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const backward = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
    const step = { [forward]: 1, ArrowDown: 1, [backward]: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = this.segments.findIndex(({ value }) => value === this.value);
    this.choose(this.segments.at((at + step) % this.segments.length)?.value ?? this.value);
    await this.updateComplete;
    this.shadowRoot?.querySelector<HTMLElement>("[aria-checked=true]")?.focus();
  }

  protected override render() {
    return html`<div role="radiogroup" aria-label=${this.label} @keydown=${this.onKey}>
      ${this.segments.map(
        ({ value, label, icon }) => html`<button
          type="button"
          role="radio"
          aria-checked=${String(value === this.value)}
          tabindex=${value === this.value ? 0 : -1}
          @click=${() => this.choose(value)}
        >
          ${icon ? html`<sm-icon .path=${icon}></sm-icon>` : nothing}<span>${label}</span>
        </button>`,
      )}
    </div>`;
  }
}
