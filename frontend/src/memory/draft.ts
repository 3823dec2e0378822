import type { Category, Memory } from "../api/types.ts";

/** What people can change about a memory. */
export interface Fields {
  value: string;
  key: string;
  owner: string;
  category: Category;
  tags: readonly string[];
  confidence: number;
  pinned: boolean;
  expires_at: string | null;
}

export type FieldName = keyof Fields;

/** What somebody changed and has not saved: against what the memory was when they began. */
export interface Draft {
  start: Fields;
  changes: Partial<Fields>;
}

/** Drafts by memory: they outlive the view, so that going back loses nothing. */
export const drafts = new Map<string, Draft>();

export function fieldsOf({ value, key, owner, category, tag_list, confidence, pinned, expires_at }: Memory): Fields {
  return { value, key, owner, category, tags: tag_list, confidence, pinned, expires_at };
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** A draft with another change; undefined where nothing is left that differs from the memory. */
export function withChange(draft: Draft | undefined, memory: Memory, change: Partial<Fields>): Draft | undefined {
  const now = fieldsOf(memory);
  const changes = { ...draft?.changes, ...change };
  const left = names(changes).filter((name) => !same(changes[name], now[name]));
  if (!left.length) return undefined;
  return { start: draft?.start ?? now, changes: Object.fromEntries(left.map((name) => [name, changes[name]])) };
}

/** The fields that somebody else has changed since the draft was begun, to something other than what it says. */
export function conflicts(draft: Draft | undefined, memory: Memory): FieldName[] {
  if (!draft) return [];
  const now = fieldsOf(memory);
  return names(draft.changes).filter(
    (name) => !same(now[name], draft.start[name]) && !same(now[name], draft.changes[name]),
  );
}

/** The draft for somebody who has seen what others changed, and keeps their own. */
export function insisting({ start, changes }: Draft, memory: Memory): Draft {
  return { start: { ...start, ...fieldsOf(memory) }, changes };
}

/** The draft without some of its fields, which take the memory's own. */
export function without(draft: Draft, fields: readonly FieldName[]): Draft | undefined {
  const changes = Object.fromEntries(
    Object.entries(draft.changes).filter(([name]) => !fields.includes(name as FieldName)),
  );
  return Object.keys(changes).length ? { ...draft, changes } : undefined;
}

function names(changes: Partial<Fields>): FieldName[] {
  return Object.keys(changes) as FieldName[];
}
