import { html, type TemplateResult } from "lit";
import { followsHere } from "../home-assistant.ts";
import type { PanelContext } from "./context.ts";

/** A link to the page of a memory, called by its key. */
export function memoryLink(panel: PanelContext, id: string, key: string): TemplateResult {
  const address = { tab: "memories", id, query: {} } as const;
  const follow = (event: MouseEvent) => {
    if (!followsHere(event)) return;
    event.preventDefault();
    panel.go(address);
  };
  return html`<a href=${panel.url(address)} dir="auto" @click=${follow}>${key}</a>`;
}
