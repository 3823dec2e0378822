import {
  mdiAccountOutline,
  mdiChatOutline,
  mdiCounter,
  mdiMapMarkerOutline,
  mdiPencilOutline,
  mdiRobotOutline,
  mdiSpeaker,
} from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { GetAnswer } from "../api/types.ts";
import "../elements/card.ts";
import "../elements/icon.ts";
import { counted } from "../localize.ts";
import { surfaceIcon, surfaceLabel } from "../memories/labels.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, tokens } from "../styles.ts";

/** Where a memory came from, and what became of it since. */
@customElement("sm-origin-card")
export class SmOriginCard extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: block;
      }
      dl {
        display: grid;
        gap: 10px;
        margin: 0;
      }
      div {
        display: grid;
        grid-template-columns: minmax(124px, auto) minmax(0, 1fr);
        align-items: start;
        gap: 4px 12px;
        --sm-icon-size: 20px;
      }
      dt {
        display: flex;
        align-items: center;
        gap: 12px;
        color: var(--sm-quiet);
      }
      dd {
        margin: 0;
        overflow-wrap: anywhere;
      }
      small {
        color: var(--sm-quiet);
        font-size: inherit;
      }
      code {
        font-family: var(--ha-font-family-code, monospace);
        font-size: var(--ha-font-size-s, 12px);
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @property({ attribute: false }) answer!: GetAnswer;

  protected override render() {
    const { t, format } = this.panel;
    const { memory, origin } = this.answer;
    const { source } = memory;
    const used = memory.last_used_at
      ? `${counted(this.panel, "memory.used", memory.use_count)} · ${format.relative(memory.last_used_at)}`
      : t("memory.never_used");
    return html`<sm-card .heading=${t("memory.origin")}>
      <dl>
        ${this.line(mdiAccountOutline, t("memory.created"), origin.created_by, memory.created_at)}
        ${this.line(surfaceIcon(source.surface), t("memory.through"), surfaceLabel(t, source.surface))}
        ${this.line(mdiRobotOutline, t("memory.agent"), origin.agent_name ?? source.agent_id)}
        ${this.line(mdiSpeaker, t("memory.device"), origin.device_name ?? source.device_id)}
        ${this.line(mdiMapMarkerOutline, t("memory.area"), origin.area_name ?? source.area_id)}
        ${source.conversation_id ? this.line(mdiChatOutline, t("memory.conversation"), html`<code>${source.conversation_id}</code>`) : nothing}
        ${
          memory.updated_at === memory.created_at
            ? nothing
            : this.line(mdiPencilOutline, t("memory.changed"), origin.changed_by, memory.updated_at)
        }
        ${this.line(mdiCounter, t("memory.recalled"), used)}
      </dl>
    </sm-card>`;
  }

  private line(icon: string, name: string, text: unknown, at?: string) {
    const { format } = this.panel;
    if (!text && !at) return nothing;
    return html`<div>
      <dt><sm-icon .path=${icon}></sm-icon>${name}</dt>
      <dd dir="auto">${text}${text && at ? " · " : ""}${at ? html`<small title=${format.dateTime(at)}>${format.relative(at)}, ${format.dateTime(at)}</small>` : nothing}</dd>
    </div>`;
  }
}
