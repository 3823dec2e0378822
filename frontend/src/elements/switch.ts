import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { fire } from "../fire.ts";
import { base, hiddenText, tokens } from "../styles.ts";

/** On or off, with a label beside it. Fires `sm-change`. */
@customElement("sm-switch")
export class SmSwitch extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    tokens,
    base,
    hiddenText,
    css`
      :host {
        display: inline-flex;
      }
      label {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 12px;
        inline-size: 100%;
        min-block-size: 40px;
        cursor: pointer;
      }
      input {
        position: relative;
        flex: none;
        inline-size: 40px;
        block-size: 24px;
        margin: 0;
        border: 2px solid var(--sm-quiet);
        border-radius: 12px;
        appearance: none;
        background: transparent;
        cursor: inherit;
        transition: background-color var(--sm-fast);
      }
      input::after {
        content: "";
        position: absolute;
        inset-block-start: 4px;
        inset-inline-start: 4px;
        inline-size: 12px;
        block-size: 12px;
        border-radius: 50%;
        background: var(--sm-quiet);
        transition: inset-inline-start var(--sm-fast);
      }
      input:checked {
        border-color: var(--sm-fill);
        background: var(--sm-fill);
      }
      input:checked::after {
        inset-inline-start: 20px;
        background: #fff;
      }
      input:disabled {
        opacity: 0.45;
      }
    `,
  ];

  @property() label = "";
  @property({ type: Boolean }) checked = false;
  @property({ type: Boolean, reflect: true }) disabled = false;
  @property({ type: Boolean }) unlabelled = false;

  protected override render() {
    return html`<label>
      <span class=${this.unlabelled ? "sr" : ""}>${this.label}</span>
      <input
        type="checkbox"
        role="switch"
        .checked=${live(this.checked)}
        ?disabled=${this.disabled}
        @change=${(event: Event) => {
          this.checked = (event.target as HTMLInputElement).checked;
          fire(this, "sm-change", { checked: this.checked });
        }}
      />
    </label>`;
  }
}
