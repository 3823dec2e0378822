import type { Theme } from "./scene.ts";

/**
 * What the canvas takes from Home Assistant's theme. Whether that is dark is read off the card's colour, because themes of users
 * are dark under a light name, too.
 */
export function themeOf(element: Element, context: CanvasRenderingContext2D): Theme {
  const style = getComputedStyle(element);
  const background = plain(context, style.getPropertyValue("--sm-surface"), "#ffffff");
  return {
    background,
    dark: isDark(background),
    text: plain(context, style.getPropertyValue("--sm-text"), "#141414"),
    accent: plain(context, style.getPropertyValue("--sm-primary"), "#009ac7"),
    font: style.fontFamily || "sans-serif",
  };
}

/** A colour the way a canvas writes it: `#rrggbb`, or `rgba(…)` where it lets something through. */
function plain(context: CanvasRenderingContext2D, colour: string, otherwise: string): string {
  context.fillStyle = otherwise;
  context.fillStyle = colour.trim();
  return String(context.fillStyle);
}

/** Whether a colour as a canvas writes it is darker than a middle grey to the eye. */
export function isDark(colour: string): boolean {
  const parts = colour.startsWith("#")
    ? [colour.slice(1, 3), colour.slice(3, 5), colour.slice(5, 7)].map((hex) => Number.parseInt(hex, 16))
    : (colour.match(/[\d.]+/g) ?? []).map(Number);
  const [red = 255, green = 255, blue = 255] = parts;
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}
