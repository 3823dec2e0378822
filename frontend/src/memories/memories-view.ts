import { html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Memory } from "../api/types.ts";
import { LiveController, type PanelContext } from "../panel/context.ts";

/** The memories of the person who is looked at. */
@customElement("sm-memories-view")
export class SmMemoriesView extends LitElement {
  @property({ attribute: false }) panel!: PanelContext;
  @state() private memories: Memory[] = [];

  constructor() {
    super();
    new LiveController(this, () => void this.load());
  }

  protected override firstUpdated(): void {
    void this.load();
  }

  private async load(): Promise<void> {
    try {
      this.memories = (await this.panel.api.list({ limit: 100 })).memories;
    } catch (reason) {
      this.panel.fail(reason);
    }
  }

  protected override render() {
    return html`<ul>${this.memories.map(({ value }) => html`<li dir="auto">${value}</li>`)}</ul>`;
  }
}
