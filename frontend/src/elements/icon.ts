import { css, html, LitElement, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";

/** An icon of @mdi/js. Decoration unless it has a label. */
@customElement("sm-icon")
export class SmIcon extends LitElement {
  static override styles = css`
    :host {
      display: inline-flex;
      flex: none;
      inline-size: var(--sm-icon-size, 24px);
      block-size: var(--sm-icon-size, 24px);
    }
    svg {
      inline-size: 100%;
      block-size: 100%;
      fill: currentcolor;
    }
    :host([flip]:dir(rtl)) svg {
      transform: scaleX(-1);
    }
  `;

  @property() path = "";
  @property() label?: string;
  /** Whether it points somewhere, and so points the other way in languages written from right to left. */
  @property({ type: Boolean, reflect: true }) flip = false;

  protected override render() {
    return html`<svg
      viewBox="0 0 24 24"
      role=${this.label ? "img" : nothing}
      aria-label=${this.label ?? nothing}
      aria-hidden=${this.label ? nothing : "true"}
    >
      ${svg`<path d=${this.path}></path>`}
    </svg>`;
  }
}
