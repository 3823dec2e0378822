import { css, html, LitElement, svg } from "lit";
import { customElement, property } from "lit/decorators.js";
import { type Look, outline } from "./palette.ts";

/** The mark of a category or person as the map draws it, for legends and lists. Decoration: a text says the same. */
@customElement("sm-glyph")
export class SmGlyph extends LitElement {
  static override styles = css`
    :host {
      display: inline-flex;
      flex: none;
      inline-size: 14px;
      block-size: 14px;
    }
    svg {
      inline-size: 100%;
      block-size: 100%;
      overflow: visible;
    }
  `;

  @property({ attribute: false }) look!: Look;
  @property({ type: Boolean }) dark = false;

  protected override render() {
    const colour = this.dark ? this.look.dark : this.look.light;
    const corners = outline(this.look.shape);
    return html`<svg viewBox="-1.4 -1.4 2.8 2.8" aria-hidden="true">
      ${
        corners
          ? svg`<polygon points=${corners.map((corner) => corner.join(",")).join(" ")} fill=${colour}></polygon>`
          : this.look.shape === "ring"
            ? svg`<circle r="0.75" fill="none" stroke=${colour} stroke-width="0.6"></circle>`
            : svg`<circle r="1.05" fill=${colour}></circle>`
      }
    </svg>`;
  }
}
