import type { Hass } from "../home-assistant.ts";
import { type Localize, loadTexts } from "../localize.ts";

/** Milliseconds. */
const PAUSE = 250;
const ATTEMPTS = 40;

const loaded = new Map<string, Promise<Localize>>();

/**
 * Loads the texts once for all cards of a page. Home Assistant answers at once, and with nothing, while the same texts are on
 * their way for somebody else; so it is asked again until they are there.
 */
export function cardTexts(hass: Hass): Promise<Localize> {
  let texts = loaded.get(hass.language);
  if (!texts) {
    texts = load(hass);
    texts.catch(() => loaded.delete(hass.language));
    loaded.set(hass.language, texts);
  }
  return texts;
}

async function load(hass: Hass): Promise<Localize> {
  for (let attempt = 1; ; attempt += 1) {
    const t = await loadTexts(hass);
    if (t("card.name") !== "card.name" || attempt === ATTEMPTS) return t;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
