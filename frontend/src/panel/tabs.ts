import { mdiBrain, mdiGraphOutline, mdiHeartPulse, mdiHistory } from "@mdi/js";
import { html, type TemplateResult } from "lit";
import "../activity/activity-view.ts";
import type { TextKey } from "../localize.ts";
import "../map/map-view.ts";
import "../memories/memories-view.ts";
import "../status/status-view.ts";
import type { PanelContext } from "./context.ts";
import type { Tab } from "./routes.ts";

interface View {
  tab: Tab;
  icon: string;
  title: TextKey;
  render(panel: PanelContext): TemplateResult;
}

/** The views in the order of their tabs. */
export const VIEWS: View[] = [
  {
    tab: "memories",
    icon: mdiBrain,
    title: "panel.memories",
    render: (panel) => html`<sm-memories-view .panel=${panel}></sm-memories-view>`,
  },
  {
    tab: "map",
    icon: mdiGraphOutline,
    title: "panel.map",
    render: (panel) => html`<sm-map-view .panel=${panel}></sm-map-view>`,
  },
  {
    tab: "activity",
    icon: mdiHistory,
    title: "panel.activity",
    render: (panel) => html`<sm-activity-view .panel=${panel}></sm-activity-view>`,
  },
  {
    tab: "status",
    icon: mdiHeartPulse,
    title: "panel.status",
    render: (panel) => html`<sm-status-view .panel=${panel}></sm-status-view>`,
  },
];
