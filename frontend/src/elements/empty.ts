import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, tokens } from "../styles.ts";
import "./icon.ts";

/** Nothing is here, and why; what to do about it goes into the slot. */
@customElement("sm-empty")
export class SmEmpty extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: flex;
        flex-direction: column;
        align-items: center;
        justify-content: center;
        gap: 12px;
        padding: 48px 24px;
        text-align: center;
      }
      .circle {
        display: grid;
        place-items: center;
        inline-size: 72px;
        block-size: 72px;
        border-radius: 50%;
        background: var(--sm-tint);
        color: var(--sm-strong);
        --sm-icon-size: 36px;
      }
      h2 {
        font-size: var(--ha-font-size-xl, 20px);
        font-weight: var(--ha-font-weight-normal, 400);
      }
      p {
        max-inline-size: 46ch;
        color: var(--sm-quiet);
      }
    `,
  ];

  @property() icon = "";
  @property() heading = "";
  @property() text = "";

  protected override render() {
    return html`
      <div class="circle"><sm-icon .path=${this.icon}></sm-icon></div>
      <h2>${this.heading}</h2>
      ${this.text ? html`<p>${this.text}</p>` : ""}
      <slot></slot>
    `;
  }
}
