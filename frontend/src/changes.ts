import { diffWords } from "diff";
import type { MemoryState } from "./api/types.ts";

export type Field = keyof MemoryState;

/** In the order in which they are told. */
const FIELDS: Field[] = ["key", "value", "owner", "scope", "category", "tags", "pinned", "expires_at", "confidence"];

/** The fields in which two states of a memory differ; all that say something where one of the states is missing. */
export function changedFields(before: MemoryState | null, after: MemoryState | null): Field[] {
  const changed = FIELDS.filter((field) => !same(before?.[field], after?.[field]));
  // A memory that moves to or from the household changes its scope by that.
  return changed.includes("owner") ? changed.filter((field) => field !== "scope") : changed;
}

function same(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => item === other[index]);
  }
  return one === other;
}

export interface Piece {
  kind: "same" | "added" | "removed";
  text: string;
}

/** Above this many letters texts are shown one after the other: comparing their words would take long and help nobody. */
const MAX_COMPARED = 8_000;

/** What became of a text, word by word; `language` decides where words begin in languages without spaces. */
export function wordChanges(before: string, after: string, language: string): Piece[] {
  if (before.length + after.length > MAX_COMPARED) {
    return [
      { kind: "removed", text: before },
      { kind: "added", text: after },
    ];
  }
  const intlSegmenter = new Intl.Segmenter(language, { granularity: "word" });
  return diffWords(before, after, { intlSegmenter }).map(({ added, removed, value }) => ({
    kind: added ? "added" : removed ? "removed" : "same",
    text: value,
  }));
}
