import type { Category, Filter, GroupKey, Scope, SortKey } from "../api/types.ts";

export const CATEGORIES: readonly Category[] = [
  "user",
  "preference",
  "relationship",
  "home",
  "device",
  "routine",
  "event",
  "instruction",
  "general",
];
export const SCOPES: readonly Scope[] = ["user", "household", "session"];
export const SORTS: readonly SortKey[] = ["updated", "created", "last_used", "use_count", "key", "expires"];
export const GROUPS: readonly GroupKey[] = ["category", "scope", "surface"];
/** Those that read best from the first letter or the nearest end on; the others begin with the newest or the most. */
const ASCENDING = new Set<SortKey>(["key", "expires"]);

/** What the list shows, as the address of the page says it. */
export interface ViewQuery {
  text: string;
  filter: Filter;
  sort: SortKey;
  descending: boolean;
  group?: GroupKey;
}

function oneOf<T extends string>(options: readonly T[], value: string | undefined): T | undefined {
  return options.find((option) => option === value);
}

export function descends(sort: SortKey): boolean {
  return !ASCENDING.has(sort);
}

/** Reads a query of an address; what makes no sense is left out. */
export function readQuery(query: Record<string, string>): ViewQuery {
  const sort = oneOf(SORTS, query.sort) ?? "updated";
  const filter: Filter = {
    owner: query.owner || undefined,
    scope: oneOf(SCOPES, query.scope),
    category: oneOf(CATEGORIES, query.category),
    tags: query.tags ? query.tags.split(",") : undefined,
    pinned: query.pinned ? query.pinned === "yes" : undefined,
    expiring: query.expiring === "yes" || undefined,
    surface: query.surface || undefined,
    forgotten: query.forgotten === "yes" || undefined,
  };
  return {
    text: query.q ?? "",
    filter: clean(filter),
    sort,
    descending: query.order ? query.order === "desc" : descends(sort),
    group: oneOf(GROUPS, query.group),
  };
}

/** Writes it back, defaults left out. */
export function writeQuery({ text, filter, sort, descending, group }: ViewQuery): Record<string, string> {
  const yes = (value: boolean | undefined) => (value === undefined ? "" : value ? "yes" : "no");
  const query = {
    q: text,
    owner: filter.owner ?? "",
    scope: filter.scope ?? "",
    category: filter.category ?? "",
    tags: filter.tags?.join(",") ?? "",
    pinned: yes(filter.pinned),
    expiring: yes(filter.expiring),
    surface: filter.surface ?? "",
    forgotten: yes(filter.forgotten),
    sort: sort === "updated" ? "" : sort,
    order: descending === descends(sort) ? "" : descending ? "desc" : "asc",
    group: group ?? "",
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ""));
}

/** Leaves out what is not asked for. */
export function clean(filter: Filter): Filter {
  return Object.fromEntries(
    Object.entries(filter).filter(([, value]) => value !== undefined && !(Array.isArray(value) && !value.length)),
  );
}

/** How many conditions hold; being among the forgotten is one, too. */
export function countConditions(filter: Filter): number {
  return Object.values(clean(filter)).length;
}
