import type { Route } from "../home-assistant.ts";

export const TABS = ["memories", "map", "activity", "status"] as const;
export type Tab = (typeof TABS)[number];

/** Where in the panel one is. `/semantic-memory/memories/<id>?person=…&q=…` */
export interface Address {
  tab: Tab;
  /** Of the memory that is open. */
  id?: string;
  /** Everything else that a reload should bring back: filters, search, person. */
  query: Record<string, string>;
}

export function parse(path: string, search: string): Address {
  const [first, second] = path.split("/").filter(Boolean);
  const query = Object.fromEntries(new URLSearchParams(search));
  const tab = TABS.find((name) => name === first) ?? "memories";
  return { tab, id: tab === "memories" && second ? decodeURIComponent(second) : undefined, query };
}

export function format(prefix: Route["prefix"], { tab, id, query }: Address): string {
  const path = `${prefix}/${tab}${id ? `/${encodeURIComponent(id)}` : ""}`;
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  return search ? `${path}?${search}` : path;
}
