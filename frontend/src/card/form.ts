import type { Hass } from "../home-assistant.ts";
import type { Localize, TextKey } from "../localize.ts";
import { CATEGORIES } from "../memories/view-query.ts";
import { type CardConfig, MAX_LIMIT, MODES, readConfig, SIGHTS } from "./config.ts";
import { cardTexts } from "./texts.ts";

interface Field {
  name: keyof CardConfig;
  required?: boolean;
  default?: unknown;
  selector: Record<string, unknown>;
}

/** The form of the visual editor, as Home Assistant's own `ha-form` shows it. */
export interface ConfigForm {
  schema: Field[];
  computeLabel: (field: { name: string }) => string;
  computeHelper: (field: { name: string }) => string | undefined;
  assertConfig: (config: CardConfig) => void;
}

const LABELS: Partial<Record<string, TextKey>> = {
  title: "card.title",
  mode: "card.mode",
  limit: "card.limit",
  scope: "card.scope",
  category: "card.category",
};
const HELP: Partial<Record<string, TextKey>> = { title: "card.title_help", scope: "card.scope_help" };

/** Returns the form, in the user's language. */
export async function configForm(hass: Hass): Promise<ConfigForm> {
  const t = await cardTexts(hass);
  return {
    schema: schema(t),
    computeLabel: ({ name }) => text(t, LABELS[name]) ?? name,
    computeHelper: ({ name }) => text(t, HELP[name]),
    assertConfig: (config) => void readConfig(config),
  };
}

function schema(t: Localize): Field[] {
  return [
    { name: "title", selector: { text: {} } },
    {
      name: "mode",
      default: "both",
      selector: {
        select: { mode: "dropdown", options: MODES.map((value) => ({ value, label: t(`card.mode_${value}`) })) },
      },
    },
    {
      name: "scope",
      default: "all",
      selector: {
        select: { mode: "dropdown", options: SIGHTS.map((value) => ({ value, label: t(`card.scope_${value}`) })) },
      },
    },
    {
      name: "category",
      selector: {
        select: {
          mode: "dropdown",
          options: CATEGORIES.map((value) => ({ value, label: t(`category.${value}`) })),
        },
      },
    },
    { name: "limit", default: 5, selector: { number: { min: 1, max: MAX_LIMIT, mode: "slider" } } },
  ];
}

function text(t: Localize, key: TextKey | undefined): string | undefined {
  return key && t(key);
}
