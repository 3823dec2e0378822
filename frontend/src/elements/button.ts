import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, tokens } from "../styles.ts";
import "./icon.ts";
import "./spinner.ts";

export type ButtonVariant = "filled" | "tonal" | "outlined" | "text" | "danger" | "danger-text";

/** A button with a text. Clicks are ordinary click events; `loading` keeps them away and shows that something goes on. */
@customElement("sm-button")
export class SmButton extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: inline-flex;
        max-inline-size: 100%;
      }
      button,
      a {
        display: inline-flex;
        align-items: center;
        justify-content: center;
        gap: 8px;
        inline-size: 100%;
        min-block-size: 40px;
        padding: 6px 16px;
        border: 1px solid transparent;
        border-radius: var(--sm-pill);
        background: none;
        color: var(--sm-strong);
        font-weight: var(--ha-font-weight-medium, 500);
        line-height: 1.25;
        text-align: center;
        text-decoration: none;
        transition: background-color var(--sm-fast);
        --sm-icon-size: 20px;
      }
      .with-icon {
        padding-inline-start: 12px;
      }
      .text,
      .danger-text {
        padding-inline: 12px;
      }
      .filled,
      .danger {
        background: var(--sm-fill);
        color: var(--text-primary-color, #fff);
      }
      .danger {
        background: color-mix(in oklab, var(--sm-danger), #000 18%);
      }
      .tonal {
        background: var(--sm-tint);
      }
      .outlined {
        border-color: var(--sm-divider);
        background: var(--sm-surface);
        color: var(--sm-text);
      }
      .danger-text {
        color: var(--sm-danger-strong);
      }
      @media (hover: hover) {
        :is(.text, .outlined, .danger-text):hover:enabled {
          background: var(--sm-hover);
        }
        .tonal:hover:enabled {
          background: color-mix(in srgb, var(--sm-primary) 20%, transparent);
        }
        :is(.filled, .danger):hover:enabled {
          filter: brightness(1.1);
        }
      }
      button:active:enabled {
        filter: brightness(0.94);
      }
      button:disabled,
      button[aria-disabled="true"] {
        opacity: 0.45;
      }
      sm-spinner {
        --sm-spinner-size: 18px;
      }
    `,
  ];

  @property() variant: ButtonVariant = "text";
  @property() icon?: string;
  @property() label?: string;
  @property({ type: Boolean, reflect: true }) disabled = false;
  @property({ type: Boolean }) loading = false;

  /** While it works it can be focused, or the keyboard would begin at the top of the page afterwards. */
  private onClick(event: Event): void {
    if (this.loading) event.stopPropagation();
  }

  protected override render() {
    return html`<button
      type="button"
      class=${`${this.variant}${this.icon || this.loading ? " with-icon" : ""}`}
      ?disabled=${this.disabled && !this.loading}
      aria-disabled=${this.loading ? "true" : nothing}
      aria-label=${this.label ?? nothing}
      aria-busy=${this.loading ? "true" : nothing}
      @click=${this.onClick}
    >
      ${this.loading ? html`<sm-spinner></sm-spinner>` : this.icon ? html`<sm-icon .path=${this.icon}></sm-icon>` : nothing}
      <slot></slot>
    </button>`;
  }
}
