import { mdiAlertCircleOutline } from "@mdi/js";
import { html, type TemplateResult } from "lit";
import { errorText } from "../api/errors.ts";
import "../elements/button.ts";
import "../elements/empty.ts";
import type { PanelContext } from "./context.ts";

/** What a view shows in place of what it could not load: why, and a button to try again. */
export function renderFailure({ t }: PanelContext, reason: unknown, retry: () => void): TemplateResult {
  return html`<sm-empty .icon=${mdiAlertCircleOutline} .heading=${t("errors.heading")} .text=${errorText(t, reason)}>
    <sm-button variant="filled" @click=${retry}>${t("common.retry")}</sm-button>
  </sm-empty>`;
}
