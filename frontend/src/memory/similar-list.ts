import { mdiTrashCanOutline } from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { errorText } from "../api/errors.ts";
import type { Hit } from "../api/types.ts";
import "../elements/alert.ts";
import "../elements/button.ts";
import "../elements/icon-button.ts";
import { followsHere } from "../home-assistant.ts";
import { HEIGHT, renderBadge, renderEnd, renderText, rowStyles } from "../memories/memory-row.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, tokens } from "../styles.ts";

/** A few memories that are like another one, each a link to its page. */
@customElement("sm-similar-list")
export class SmSimilarList extends LitElement {
  static override styles = [
    tokens,
    base,
    rowStyles,
    css`
      ul {
        margin: 0;
        padding: 0;
        list-style: none;
      }
      li {
        display: flex;
        align-items: center;
        min-block-size: ${HEIGHT.wide}px;
      }
      li + li {
        border-block-start: 1px solid var(--sm-divider);
      }
      a {
        display: flex;
        flex: 1;
        align-items: center;
        gap: 12px;
        min-inline-size: 0;
        padding: 8px var(--sm-similar-inset, 0);
        border-radius: var(--sm-radius-small);
        color: inherit;
        text-decoration: none;
        --sm-value-lines: 2;
      }
      a:hover {
        background: var(--sm-hover);
      }
      a:focus-visible {
        outline-offset: -2px;
      }
      .gone {
        flex: 1;
        padding-inline-start: 52px;
        color: var(--sm-quiet);
      }
      .key,
      .tag ~ .tag,
      .ends {
        display: none;
      }
      .hit {
        inline-size: 76px;
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @property({ attribute: false }) hits: readonly Hit[] = [];
  /** Whether each has a button that forgets it. */
  @property({ type: Boolean }) forgettable = false;
  @state() private gone: ReadonlySet<string> = new Set();
  @state() private error?: unknown;

  private open(event: MouseEvent, id: string): void {
    if (!followsHere(event)) return;
    event.preventDefault();
    this.panel.go({ tab: "memories", id });
  }

  /** Undone in place: news at the bottom of the page could not be reached from a dialog. */
  private async change(id: string, gone: boolean): Promise<void> {
    try {
      await (gone ? this.panel.api.forget([id]) : this.panel.api.restore([id]));
      this.error = undefined;
      const next = new Set(this.gone);
      next[gone ? "add" : "delete"](id);
      this.gone = next;
    } catch (reason) {
      this.error = reason;
    }
  }

  protected override render() {
    const { t } = this.panel;
    return html`${this.error ? html`<sm-alert kind="error">${errorText(t, this.error)}</sm-alert>` : nothing}
      <ul>
        ${this.hits.map((hit) => html`<li>${this.gone.has(hit.id) ? this.renderGone(hit) : this.renderHit(hit)}</li>`)}
      </ul>`;
  }

  private renderGone({ id }: Hit) {
    const { t } = this.panel;
    return html`<span class="gone">${t("bulk.forgotten_one")}</span>
      <sm-button @click=${() => this.change(id, false)}>${t("common.undo")}</sm-button>`;
  }

  private renderHit(hit: Hit) {
    const { panel } = this;
    return html`<a href=${panel.url({ tab: "memories", id: hit.id })} @click=${(event: MouseEvent) => this.open(event, hit.id)}>
        ${renderBadge(panel, hit, false, false)} ${renderText(panel, hit)} ${renderEnd(panel, hit, "updated")}
      </a>
      ${
        this.forgettable
          ? html`<sm-icon-button
              .path=${mdiTrashCanOutline}
              .label=${panel.t("memory.forget")}
              @click=${() => this.change(hit.id, true)}
            ></sm-icon-button>`
          : nothing
      }`;
  }
}
