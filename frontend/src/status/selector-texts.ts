import type en from "../../../custom_components/semantic_memory/translations/en.json";
import type { Hass } from "../home-assistant.ts";

type Selectors = (typeof en)["selector"];
type Selector = "import_format" | "import_reason" | "import_note" | "import_owner" | "export_format";
export type OptionKey<S extends Selector> = keyof Selectors[S]["options"] & string;

/** Says what an option of a selector is called: the options dialog and the actions have the same ones. */
export type OptionText = (selector: Selector, option: string) => string;

export async function loadOptionTexts(hass: Hass): Promise<OptionText> {
  const localize = await hass.loadBackendTranslation("selector", "semantic_memory");
  return (selector, option) => localize(`component.semantic_memory.selector.${selector}.options.${option}`) || option;
}

export const IMPORT_FORMATS: readonly OptionKey<"import_format">[] = [
  "automatic",
  "semantic_memory",
  "luuquangvu",
  "ha_semantic_memory",
  "ha_ai_memory",
  "mcp_memory",
];

export const EXPORT_FORMATS = ["jsonl", "csv", "markdown", "text"] as const satisfies OptionKey<"export_format">[];
