import { mdiChevronDown, mdiChevronUp } from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "../elements/icon-button.ts";
import { fire } from "../fire.ts";
import type { Localize } from "../localize.ts";
import { base, scrolling, tokens } from "../styles.ts";
import "./glyph.ts";
import type { Look } from "./palette.ts";
import type { Point } from "./points.ts";

export interface Row {
  point: Point;
  /** How well it matches, as text; only for hits of a search. */
  score?: string;
}

/**
 * Points as a list, for those who do not see the map or do not want to aim. On narrow pages it opens on demand. Fires `sm-point`
 * while a row is pointed at or focused (null when no longer) and `sm-open` when it is chosen.
 */
@customElement("sm-map-list")
export class SmMapList extends LitElement {
  static override styles = [
    tokens,
    base,
    scrolling,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-block-size: 0;
        border: var(--ha-card-border-width, 1px) solid var(--ha-card-border-color, var(--sm-divider));
        border-radius: var(--sm-radius);
        background: var(--sm-surface);
        overflow: hidden;
      }
      header {
        display: flex;
        flex: none;
        align-items: center;
        gap: 8px;
        padding: 8px 14px 6px;
      }
      h2 {
        flex: 1;
        font-size: var(--ha-font-size-m, 14px);
        font-weight: var(--ha-font-weight-medium, 500);
      }
      header span,
      .score {
        color: var(--sm-quiet);
        font-size: var(--ha-font-size-s, 12px);
        font-variant-numeric: tabular-nums;
      }
      header sm-icon-button {
        display: none;
        margin-block: -6px;
        margin-inline-end: -10px;
      }
      p {
        padding: 2px 14px 12px;
        color: var(--sm-quiet);
      }
      ol {
        flex: 1;
        min-block-size: 0;
        margin: 0;
        padding: 0 6px 6px;
        list-style: none;
      }
      button {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 0 8px;
        align-items: center;
        inline-size: 100%;
        padding: 6px 8px;
        border: 0;
        border-radius: var(--sm-radius-small);
        background: none;
        text-align: start;
      }
      button:hover {
        background: var(--sm-hover);
      }
      button:focus-visible {
        outline-offset: -2px;
      }
      .key,
      .value {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .key {
        font-weight: var(--ha-font-weight-medium, 500);
      }
      .value {
        grid-column: 2 / -1;
        color: var(--sm-quiet);
        font-size: var(--ha-font-size-s, 12px);
      }
      @container (width < 860px) {
        header sm-icon-button {
          display: inline-flex;
        }
        :host(:not([open])) .body {
          display: none;
        }
      }
    `,
  ];

  @property({ attribute: false }) t!: Localize;
  @property() heading = "";
  @property() count = "";
  @property({ attribute: false }) rows: Row[] = [];
  /** What is said when there are none. */
  @property() none = "";
  @property({ attribute: false }) look!: (point: Point) => Look;
  @property({ type: Boolean }) dark = false;
  @property({ type: Boolean, reflect: true }) open = false;
  @state() private pointed: Point | null = null;

  private point(point: Point | null): void {
    if (point === this.pointed) return;
    this.pointed = point;
    fire(this, "sm-point", { point });
  }

  protected override render() {
    const label = this.t(this.open ? "map.close_list" : "map.open_list");
    return html`
      <header>
        <h2>${this.heading}</h2>
        <span>${this.count}</span>
        <sm-icon-button
          .path=${this.open ? mdiChevronDown : mdiChevronUp}
          .label=${label}
          .expanded=${this.open}
          @click=${() => {
            this.open = !this.open;
          }}
        ></sm-icon-button>
      </header>
      ${
        this.rows.length
          ? html`<ol class="body scroll" @pointerleave=${() => this.point(null)} @focusout=${() => this.point(null)}>
              ${this.rows.map((row) => this.renderRow(row))}
            </ol>`
          : html`<p class="body">${this.none}</p>`
      }
    `;
  }

  private renderRow({ point, score }: Row) {
    return html`<li>
      <button
        type="button"
        @pointerenter=${() => this.point(point)}
        @focus=${() => this.point(point)}
        @click=${() => fire(this, "sm-open", { id: point.id })}
      >
        <sm-glyph .look=${this.look(point)} .dark=${this.dark}></sm-glyph>
        <span class="key" dir="auto">${point.key}</span>
        ${score ? html`<span class="score">${score}</span>` : nothing}
        <span class="value" dir="auto">${point.value}</span>
      </button>
    </li>`;
  }
}
