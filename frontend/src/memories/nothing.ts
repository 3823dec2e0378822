import { mdiFilterOffOutline, mdiMagnifyClose } from "@mdi/js";
import { html, type TemplateResult } from "lit";
import "../elements/button.ts";
import "../elements/empty.ts";
import type { PanelContext } from "../panel/context.ts";
import type { MemoriesModel } from "./model.ts";
import type { ViewQuery } from "./view-query.ts";

/** What is said where a search finds nothing, or no memory fits the filters, with a button that helps out of it. */
export function renderNothing(
  { t }: PanelContext,
  { recalls }: MemoriesModel,
  change: (change: Partial<ViewQuery>) => void,
): TemplateResult {
  if (recalls) {
    return html`<sm-empty .icon=${mdiMagnifyClose} .heading=${t("memories.nothing_found")} .text=${t("memories.nothing_found_help")}>
      <sm-button variant="tonal" @click=${() => change({ text: "" })}>${t("memories.clear_search")}</sm-button>
    </sm-empty>`;
  }
  return html`<sm-empty .icon=${mdiFilterOffOutline} .heading=${t("memories.no_match")} .text=${t("memories.no_match_help")}>
    <sm-button variant="tonal" @click=${() => change({ filter: {}, text: "" })}>${t("filters.clear")}</sm-button>
  </sm-empty>`;
}
