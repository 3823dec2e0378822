import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

/** Something is on its way. With a label it is said, too. */
@customElement("sm-spinner")
export class SmSpinner extends LitElement {
  static override styles = css`
    :host {
      display: inline-flex;
      inline-size: var(--sm-spinner-size, 32px);
      block-size: var(--sm-spinner-size, 32px);
      color: var(--primary-color, #009ac7);
    }
    div {
      inline-size: 100%;
      block-size: 100%;
      border: calc(var(--sm-spinner-size, 32px) / 10) solid color-mix(in srgb, currentcolor 25%, transparent);
      border-block-start-color: currentcolor;
      border-radius: 50%;
      animation: turn 0.9s linear infinite;
    }
    @keyframes turn {
      to {
        transform: rotate(1turn);
      }
    }
    @media (prefers-reduced-motion: reduce) {
      div {
        animation-duration: 4s;
      }
    }
  `;

  @property() label?: string;

  protected override render() {
    return html`<div role=${this.label ? "status" : nothing} aria-label=${this.label ?? nothing}></div>`;
  }
}
