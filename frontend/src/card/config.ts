import type { Category, Filter } from "../api/types.ts";
import { CATEGORIES } from "../memories/view-query.ts";

export const MODES = ["both", "search", "pinned"] as const;
export type Mode = (typeof MODES)[number];

/** Whose memories are shown: all that the user may see, their own, or the household's. */
export const SIGHTS = ["all", "user", "household"] as const;
export type Sight = (typeof SIGHTS)[number];

export const MAX_LIMIT = 20;
const DEFAULT_LIMIT = 5;

/** The card as somebody writes it into a dashboard. */
export interface CardConfig {
  type: string;
  title?: string;
  mode?: Mode;
  limit?: number;
  scope?: Sight;
  category?: Category;
}

/** The card with everything decided. */
export interface Settings {
  /** `null`: as it is called without one; empty: none. */
  title: string | null;
  mode: Mode;
  limit: number;
  filter: Filter;
}

/** Returns what a configuration means. Throws an Error with what is wrong with it. */
export function readConfig(config: CardConfig): Settings {
  const { title, mode = "both", limit = DEFAULT_LIMIT, scope = "all", category } = config;
  oneOf("mode", mode, MODES);
  oneOf("scope", scope, SIGHTS);
  if (category) oneOf("category", category, CATEGORIES);
  if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new Error(`limit has to be a whole number from 1 to ${MAX_LIMIT}`);
  }
  if (title !== undefined && title !== null && typeof title !== "string") throw new Error("title has to be a text");
  return {
    title: title ?? null,
    mode,
    limit,
    filter: { ...(scope !== "all" && { scope }), ...(category && { category }) },
  };
}

function oneOf(field: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value)) throw new Error(`${field} has to be one of: ${allowed.join(", ")}`);
}
