import type { ExportAnswer } from "./api/types.ts";
import type { Hass } from "./home-assistant.ts";

/** Lets the browser save an export. */
export function download({ url, filename }: ExportAnswer, hass: Hass): void {
  const link = document.createElement("a");
  link.href = hass.hassUrl(url);
  link.download = filename;
  link.click();
}
