import { mdiClose } from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { fire } from "../fire.ts";
import { base, tokens } from "../styles.ts";
import "./icon.ts";

/**
 * A small label: plain, one to press (`selectable`), or one to take away (`removable`, fires `remove`). Its text is
 * `label`, so that values are never read as markup.
 */
@customElement("sm-chip")
export class SmChip extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: inline-flex;
        min-inline-size: 0;
        max-inline-size: 100%;
      }
      .chip {
        display: inline-flex;
        align-items: center;
        gap: 6px;
        min-inline-size: 0;
        min-block-size: var(--sm-chip-size, 32px);
        padding: 2px 12px;
        border: 1px solid var(--sm-divider);
        border-radius: var(--sm-chip-radius, var(--sm-radius-small));
        background: none;
        --sm-icon-size: 18px;
      }
      :host([small]) .chip {
        min-block-size: 22px;
        padding: 0 8px;
        border-color: transparent;
        border-radius: 6px;
        background: var(--sm-hover);
        color: var(--sm-quiet);
        font-size: var(--ha-font-size-s, 12px);
        gap: 4px;
        --sm-icon-size: 14px;
      }
      .text {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      button.chip {
        transition: background-color var(--sm-fast);
      }
      @media (hover: hover) {
        button.chip:not([aria-pressed="true"]):hover {
          background: var(--sm-hover);
        }
      }
      [aria-pressed="true"] {
        border-color: transparent;
        background: color-mix(in srgb, var(--sm-primary) 20%, transparent);
      }
      .count {
        color: var(--sm-quiet);
        font-size: var(--ha-font-size-s, 12px);
      }
      .remove {
        display: grid;
        place-items: center;
        inline-size: 24px;
        block-size: 24px;
        margin-inline-end: -8px;
        padding: 0;
        border: 0;
        border-radius: 50%;
        background: none;
      }
      .remove:hover {
        background: var(--sm-pressed);
      }
    `,
  ];

  @property() label = "";
  @property() icon?: string;
  /** Beside the label, for example how many there are. */
  @property() count?: string;
  @property({ type: Boolean }) selectable = false;
  @property({ type: Boolean }) selected = false;
  @property({ type: Boolean, reflect: true }) small = false;
  /** Name of the button that takes it away, for example "Remove the tag garden". */
  @property() removeLabel?: string;

  protected override render() {
    const content = html`
      ${this.icon ? html`<sm-icon .path=${this.icon}></sm-icon>` : nothing}
      <span class="text" dir="auto">${this.label}</span>
      ${this.count ? html`<span class="count">${this.count}</span>` : nothing}
    `;
    if (this.selectable) {
      return html`<button type="button" class="chip" aria-pressed=${String(this.selected)}>${content}</button>`;
    }
    return html`<span class="chip" title=${this.label}>
      ${content}
      ${
        this.removeLabel
          ? html`<button type="button" class="remove" aria-label=${this.removeLabel} @click=${() => fire(this, "remove")}>
              <sm-icon .path=${mdiClose}></sm-icon>
            </button>`
          : nothing
      }
    </span>`;
  }
}
