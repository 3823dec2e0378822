import { mdiBrain } from "@mdi/js";
import { html, type TemplateResult } from "lit";
import type { TextKey } from "../localize.ts";
import "../memories/memories-view.ts";
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
];
