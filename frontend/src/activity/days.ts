import type { ActivityAnswer } from "../api/types.ts";

export type Entry = ActivityAnswer["entries"][number];

/** Recalls and changes count on their own, so that an id alone names no entry. */
export function keyOf(entry: Entry): string {
  return `${entry.type} ${entry.id}`;
}

export interface Day {
  /** The day in the zone in which times are shown, as year-month-day. */
  day: string;
  entries: Entry[];
}

/** Entries, newest first, by the day on which they were in `zone` (undefined: the browser's). */
export function byDay(entries: readonly Entry[], zone?: string): Day[] {
  const days: Day[] = [];
  const day = dayOf(zone);
  for (const entry of entries) {
    const last = days.at(-1);
    const at = day(entry.at);
    if (last?.day === at) last.entries.push(entry);
    else days.push({ day: at, entries: [entry] });
  }
  return days;
}

/** Tells on which day, as year-month-day, a time is in `zone`. */
export function dayOf(zone?: string): (at: string | number) => string {
  const parts = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone: zone });
  return (at) => parts.format(new Date(at));
}

/**
 * Puts the newest page before what is there already.
 *
 * @returns null when they do not touch: more has happened than one page holds, and the list has to begin anew.
 */
export function withNewest(there: readonly Entry[], newest: readonly Entry[]): Entry[] | null {
  const known = new Map(newest.map((entry) => [keyOf(entry), entry]));
  const touches = there.length === 0 || there.some((entry) => known.has(keyOf(entry)));
  if (!touches) return null;
  return [...newest, ...there.filter((entry) => !known.has(keyOf(entry)))];
}

/** Memories that were forgotten and about which something newer is told: they are there again, and cannot be brought back. */
export function broughtBack(entries: readonly Entry[]): ReadonlySet<Entry> {
  const newer = new Set<string | null>();
  const back = new Set<Entry>();
  for (const entry of entries) {
    if (entry.type !== "change") continue;
    const gone = entry.kind === "forget" || entry.kind === "expire";
    if (gone && newer.has(entry.memory_id)) back.add(entry);
    newer.add(entry.memory_id);
  }
  return back;
}
