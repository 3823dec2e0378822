import type en from "../../custom_components/semantic_memory/translations/en.json";
import type { Hass } from "./home-assistant.ts";

type Texts = (typeof en)["config_panel"];

/** `<section>.<key>` of every text of the panel and the card: a key that does not exist does not compile. */
export type TextKey = { [S in keyof Texts & string]: `${S}.${keyof Texts[S] & string}` }[keyof Texts & string];

export type Localize = (key: TextKey, placeholders?: Record<string, string | number>) => string;

/** Loads the texts in the user's language, English where it has none. */
export async function loadTexts(hass: Hass): Promise<Localize> {
  const localize = await hass.loadBackendTranslation("config_panel", "semantic_memory");
  return (key, placeholders) => localize(`component.semantic_memory.config_panel.${key}`, placeholders) || key;
}

/** Texts with a `{count}` that have another one, `<key>_one`, for a single thing. */
export type CountKey = { [K in TextKey]: `${K}_one` extends TextKey ? K : never }[TextKey];

/** Says how many: Home Assistant's texts for the backend have no plural forms of their own. */
export function counted(
  { t, format }: { t: Localize; format: { number(value: number): string } },
  key: CountKey,
  count: number,
  placeholders: Record<string, string | number> = {},
): string {
  return t(count === 1 ? (`${key}_one` as TextKey) : key, { count: format.number(count), ...placeholders });
}
