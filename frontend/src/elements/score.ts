import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, tokens } from "../styles.ts";

/** How well a memory matches: a bar, the score as text, and what matched. */
@customElement("sm-score")
export class SmScore extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: block;
        font-size: var(--ha-font-size-s, 12px);
      }
      .line {
        display: flex;
        align-items: baseline;
        justify-content: space-between;
        gap: 8px;
        color: var(--sm-quiet);
      }
      strong {
        color: var(--sm-text);
        font-weight: var(--ha-font-weight-medium, 500);
        font-variant-numeric: tabular-nums;
      }
      .track {
        block-size: 6px;
        margin-block-start: 3px;
        border-radius: 3px;
        background: var(--sm-pressed);
        overflow: hidden;
      }
      .fill {
        block-size: 100%;
        border-radius: inherit;
        background: var(--sm-primary);
      }
    `,
  ];

  /** 0..1 */
  @property({ type: Number }) score = 0;
  /** The score in words or numbers. */
  @property() text = "";
  @property() match = "";

  protected override render() {
    const share = Math.min(Math.max(this.score, 0), 1) * 100;
    return html`
      <div class="line"><strong>${this.text}</strong>${this.match ? html`<span>${this.match}</span>` : nothing}</div>
      <div class="track" aria-hidden="true"><div class="fill" style="inline-size: ${share}%"></div></div>
    `;
  }
}
