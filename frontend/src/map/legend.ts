import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { fire } from "../fire.ts";
import type { Localize } from "../localize.ts";
import { base, tokens } from "../styles.ts";
import "./glyph.ts";
import type { Look } from "./palette.ts";

/** A category or a person on the map. */
export interface Kind {
  value: string;
  label: string;
  look: Look;
  count: string;
}

/** What the marks mean; pressing some shows only these. Fires `sm-change` with the set of pressed values, empty for all. */
@customElement("sm-map-legend")
export class SmMapLegend extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: flex;
        flex: none;
        flex-wrap: wrap;
        gap: 6px;
      }
      button {
        display: inline-flex;
        flex: none;
        align-items: center;
        gap: 6px;
        min-block-size: 32px;
        padding: 2px 10px;
        border: 1px solid var(--sm-divider);
        border-radius: var(--sm-radius-small);
        background: var(--sm-surface);
        white-space: nowrap;
      }
      @media (hover: hover) {
        button:not([aria-pressed="true"]):hover {
          background: color-mix(in srgb, var(--sm-text) 6%, var(--sm-surface));
        }
      }
      [aria-pressed="true"] {
        border-color: transparent;
        background: color-mix(in srgb, var(--sm-primary) 18%, var(--sm-surface));
      }
      .label {
        overflow: hidden;
        max-inline-size: 160px;
        text-overflow: ellipsis;
      }
      .count {
        color: var(--sm-quiet);
        font-size: var(--ha-font-size-s, 12px);
        font-variant-numeric: tabular-nums;
      }
      [aria-pressed="true"] .count {
        color: inherit;
      }
      .all {
        border-color: transparent;
        background: none;
        color: var(--sm-strong);
        font-weight: var(--ha-font-weight-medium, 500);
      }
      @container (width < 860px) {
        :host {
          flex-wrap: nowrap;
          overflow-x: auto;
          scrollbar-width: none;
          padding: 2px;
          margin: -2px;
        }
      }
    `,
  ];

  @property({ attribute: false }) t!: Localize;
  @property({ attribute: false }) kinds: Kind[] = [];
  @property({ attribute: false }) chosen: ReadonlySet<string> = new Set();
  @property({ type: Boolean }) dark = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute("role", "group");
  }

  private press(value: string): void {
    const chosen = new Set(this.chosen);
    if (!chosen.delete(value)) chosen.add(value);
    fire(this, "sm-change", { chosen });
  }

  protected override render() {
    this.setAttribute("aria-label", this.t("map.legend"));
    return html`
      ${this.kinds.map(
        ({ value, label, look, count }) => html`<button
          type="button"
          aria-pressed=${String(this.chosen.has(value))}
          @click=${() => this.press(value)}
        >
          <sm-glyph .look=${look} .dark=${this.dark}></sm-glyph>
          <span class="label" dir="auto">${label}</span><span class="count">${count}</span>
        </button>`,
      )}
      ${
        this.chosen.size
          ? html`<button type="button" class="all" @click=${() => fire(this, "sm-change", { chosen: new Set() })}>${this.t("map.show_all")}</button>`
          : nothing
      }
    `;
  }
}
