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
