import { mdiUndo } from "@mdi/js";
import { html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { ChangeEntry, ChangeKind, MemoryState } from "../api/types.ts";
import { changedFields, type Field } from "../changes.ts";
import "../elements/button.ts";
import "../elements/icon.ts";
import "../elements/word-diff.ts";
import type { PanelContext } from "../panel/context.ts";
import { memoryLink } from "../panel/memory-link.ts";
import { base, hiddenText, tokens } from "../styles.ts";
import { entryStyles } from "./entry-styles.ts";
import { KIND_ICONS, wayOf } from "./kinds.ts";

/** Kinds that undo takes back: a restored memory is forgotten by forgetting it. */
const UNDOABLE = new Set(["change", "forget", "expire"]);

/** A change of a memory in the timeline, with the words that changed. */
@customElement("sm-change-entry")
export class SmChangeEntry extends LitElement {
  static override styles = [tokens, base, hiddenText, entryStyles];

  @property({ attribute: false }) panel!: PanelContext;
  @property({ attribute: false }) entry!: ChangeEntry;
  /** Whether it stands on the page of its memory: without its name, and with the day. */
  @property({ type: Boolean }) own = false;
  /** Said by whoever knows; else by the kind. */
  @property({ attribute: false }) undoable?: boolean;
  @state() private undoing = false;

  /** What happened: who stores something under a key that is there changes a memory. */
  private get kind(): ChangeKind {
    const { kind, before } = this.entry;
    return kind === "set" && before ? "change" : kind;
  }

  private async undo(memory: string): Promise<void> {
    const { panel, entry } = this;
    this.undoing = true;
    try {
      await panel.api.undo(memory, Number(entry.id));
      panel.toast({ message: panel.t("activity.undone") });
    } catch (reason) {
      panel.fail(reason);
    } finally {
      this.undoing = false;
    }
  }

  protected override render() {
    const { panel, entry } = this;
    const { t, format } = panel;
    const way = wayOf(entry, panel);
    return html`<article>
      <div class="icon ${this.kind}"><sm-icon .path=${KIND_ICONS[this.kind]}></sm-icon></div>
      <div class="main">
        <h3>
          <span class="what">${t(`activity.${this.kind}`)}</span>
          ${
            this.own
              ? nothing
              : entry.memory_id
                ? memoryLink(panel, entry.memory_id, entry.key)
                : html`<span dir="auto">${entry.key}</span>`
          }
        </h3>
        ${this.renderContent()}
        <div class="way">${way}</div>
        ${this.renderUndo()}
      </div>
      <time datetime=${entry.at} title=${format.dateTime(entry.at)}>${this.own ? format.relative(entry.at) : format.time(entry.at)}</time>
    </article>`;
  }

  private renderContent() {
    const { kind } = this;
    const { before, after } = this.entry;
    if (kind === "set" || kind === "restore")
      return html`<p class="text start" dir="auto">${(after ?? before)?.value}</p>`;
    if (kind !== "change") return html`<p class="text start gone" dir="auto">${(before ?? after)?.value}</p>`;
    return changedFields(before, after).map((field) => this.renderChange(field));
  }

  private renderChange(field: Field) {
    const { panel } = this;
    const { before, after } = this.entry;
    const diff = html`<sm-word-diff
      .t=${panel.t}
      .from=${this.textOf(field, before)}
      .to=${this.textOf(field, after)}
      .language=${panel.hass.language}
      ?whole=${field !== "value" && field !== "tags"}
    ></sm-word-diff>`;
    return field === "value"
      ? html`<div class="text">${diff}</div>`
      : html`<dl><dt>${panel.t(`activity.field_${field}`)}</dt><dd>${diff}</dd></dl>`;
  }

  private textOf(field: Field, memory: MemoryState | null): string {
    if (!memory) return "";
    const { t, format, ownerName } = this.panel;
    switch (field) {
      case "owner":
        return ownerName(memory.owner);
      case "category":
        return t(`category.${memory.category}`);
      case "scope":
        return t(`scope.${memory.scope}`);
      case "tags":
        return memory.tags.join(", ");
      case "pinned":
        return t(memory.pinned ? "activity.yes" : "activity.no");
      case "confidence":
        return format.percent(memory.confidence);
      case "expires_at":
        return memory.expires_at ? format.dateTime(memory.expires_at) : t("activity.never");
      default:
        return memory[field];
    }
  }

  private renderUndo() {
    const { panel, entry } = this;
    const { memory_id: memory } = entry;
    if (!memory || !panel.info.can_change || !(this.undoable ?? UNDOABLE.has(this.kind))) return nothing;
    return html`<div class="actions">
      <sm-button
        .icon=${mdiUndo}
        .loading=${this.undoing}
        .label=${panel.t("activity.undo_of", { key: entry.key })}
        @click=${() => void this.undo(memory)}
      >
        ${panel.t("activity.undo")}
      </sm-button>
    </div>`;
  }
}
