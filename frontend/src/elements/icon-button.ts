import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, tokens } from "../styles.ts";
import "./icon.ts";

/** A button that is only an icon; its label is its name and its tooltip. */
@customElement("sm-icon-button")
export class SmIconButton extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: inline-flex;
        flex: none;
        color: inherit;
      }
      button {
        position: relative;
        display: grid;
        place-items: center;
        inline-size: var(--sm-button-size, 40px);
        block-size: var(--sm-button-size, 40px);
        padding: 0;
        border: 0;
        border-radius: 50%;
        background: none;
        color: inherit;
        transition: background-color var(--sm-fast);
      }
      @media (hover: hover) {
        button:hover:enabled {
          background: var(--sm-hover);
        }
      }
      button:active:enabled {
        background: var(--sm-pressed);
      }
      button[aria-pressed="true"] {
        color: var(--sm-strong);
      }
      :host([boxed]) button {
        border: 1px solid var(--sm-divider);
        border-radius: var(--sm-radius-small);
        background: var(--sm-surface);
      }
      :host([boxed]) button[aria-pressed="true"] {
        border-color: transparent;
        background: color-mix(in srgb, var(--sm-primary) 18%, var(--sm-surface));
      }
      button:disabled {
        opacity: 0.4;
      }
      .badge {
        position: absolute;
        inset-block-start: -6px;
        inset-inline-end: -6px;
        min-inline-size: 18px;
        padding-inline: 4px;
        border-radius: 9px;
        background: var(--sm-fill);
        color: var(--text-primary-color, #fff);
        font-size: 11px;
        line-height: 18px;
      }
      /* Drawn, not written: the name of the button says it already. */
      .badge::after {
        content: attr(data-count);
      }
    `,
  ];

  @property() path = "";
  @property() label = "";
  @property({ type: Boolean, reflect: true }) disabled = false;
  /** Pressed or not; left away for buttons that are no switch. */
  @property({ type: Boolean }) selected?: boolean;
  /** With a border, for toolbars. */
  @property({ type: Boolean, reflect: true }) boxed = false;
  @property({ type: Boolean }) flip = false;
  /** A number at its corner. */
  @property({ type: Number }) badge = 0;
  /** "menu" or "dialog" where it opens one. */
  @property() popup?: "menu" | "dialog";
  @property({ type: Boolean }) expanded?: boolean;

  protected override render() {
    return html`<button
      type="button"
      aria-label=${this.badge ? `${this.label} (${this.badge})` : this.label}
      title=${this.label}
      aria-pressed=${this.selected === undefined ? nothing : String(this.selected)}
      aria-haspopup=${this.popup ?? nothing}
      aria-expanded=${this.expanded === undefined ? nothing : String(this.expanded)}
      ?disabled=${this.disabled}
    >
      <sm-icon .path=${this.path} ?flip=${this.flip}></sm-icon>
      ${this.badge ? html`<span class="badge" data-count=${this.badge}></span>` : nothing}
    </button>`;
  }
}
