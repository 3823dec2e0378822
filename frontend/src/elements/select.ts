import { mdiMenuDown } from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { fire } from "../fire.ts";
import { base, tokens } from "../styles.ts";
import { fieldStyles } from "./field-styles.ts";
import "./icon.ts";

export interface Option {
  value: string;
  label: string;
}

/** A labelled choice of one among a few: the browser's own, which keyboards and screen readers know. Fires `sm-change`. */
@customElement("sm-select")
export class SmSelect extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    tokens,
    base,
    fieldStyles,
    css`
      .box {
        position: relative;
      }
      select {
        padding-inline-end: 36px;
        border-radius: inherit;
        appearance: none;
        text-overflow: ellipsis;
        cursor: pointer;
      }
      option {
        background: var(--sm-surface);
        color: var(--sm-text);
      }
      .box > sm-icon.arrow {
        position: absolute;
        inset-inline-end: 8px;
        pointer-events: none;
        color: inherit;
      }
    `,
  ];

  @property() label = "";
  @property() value = "";
  @property({ attribute: false }) options: Option[] = [];
  @property() icon?: string;
  @property() help?: string;
  @property({ type: Boolean, reflect: true }) disabled = false;
  @property({ type: Boolean }) unlabelled = false;

  protected override render() {
    return html`
      <label for="field" class=${this.unlabelled ? "sr" : ""}>${this.label}</label>
      <div class="box">
        ${this.icon ? html`<sm-icon .path=${this.icon}></sm-icon>` : nothing}
        <select
          id="field"
          ?disabled=${this.disabled}
          aria-describedby=${this.help ? "description" : nothing}
          @change=${(event: Event) => {
            this.value = (event.target as HTMLSelectElement).value;
            fire(this, "sm-change", { value: this.value });
          }}
        >
          ${this.options.map(({ value, label }) => html`<option .value=${value} ?selected=${value === this.value}>${label}</option>`)}
        </select>
        <sm-icon class="arrow" .path=${mdiMenuDown}></sm-icon>
      </div>
      ${this.help ? html`<div id="description" class="help">${this.help}</div>` : nothing}
    `;
  }
}
