import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, tokens } from "../styles.ts";

/** A surface like Home Assistant's cards. Slots: the content, `header-end` beside the heading. */
@customElement("sm-card")
export class SmCard extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: block;
        min-inline-size: 0;
      }
      section {
        border: var(--ha-card-border-width, 1px) solid var(--ha-card-border-color, var(--sm-divider));
        border-radius: var(--sm-radius);
        background: var(--ha-card-background, var(--sm-surface));
        box-shadow: var(--ha-card-box-shadow, none);
      }
      header {
        display: flex;
        align-items: center;
        gap: 8px;
        min-block-size: 48px;
        padding: 12px 16px 4px;
      }
      h2 {
        flex: 1;
        min-inline-size: 0;
        font-size: var(--ha-font-size-l, 16px);
        font-weight: var(--ha-font-weight-medium, 500);
      }
      .content {
        padding: 12px 16px 16px;
      }
      header + .content {
        padding-block-start: 4px;
      }
      :host([flush]) .content {
        padding: 0;
      }
    `,
  ];

  @property() heading?: string;
  /** Without padding, for lists that reach the edges. */
  @property({ type: Boolean, reflect: true }) flush = false;

  protected override render() {
    return html`<section>
      ${this.heading ? html`<header><h2>${this.heading}</h2><slot name="header-end"></slot></header>` : nothing}
      <div class="content"><slot></slot></div>
    </section>`;
  }
}
