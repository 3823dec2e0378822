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

/** Above this many letters only the ends that texts have in common are told: comparing all their words would take long. */
const MAX_COMPARED = 8_000;

/** What became of a text, word by word; `language` decides where words begin in languages without spaces. */
export function wordChanges(before: string, after: string, language: string): Piece[] {
  if (before.length + after.length > MAX_COMPARED) return endsKept(before, after);
  const intlSegmenter = new Intl.Segmenter(language, { granularity: "word" });
  return diffWords(before, after, { intlSegmenter }).map(({ added, removed, value }) => ({
    kind: added ? "added" : removed ? "removed" : "same",
    text: value,
  }));
}

/** What lies between the first and the last word that differ went, and what lies there now came. */
function endsKept(before: string, after: string): Piece[] {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  while (start > 0 && !isSpace(before[start - 1])) start -= 1;
  let end = 0;
  while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  while (end > 0 && !isSpace(before.at(-end))) end -= 1;
  return withText([
    { kind: "same", text: before.slice(0, start) },
    { kind: "removed", text: before.slice(start, before.length - end) },
    { kind: "added", text: after.slice(start, after.length - end) },
    { kind: "same", text: before.slice(before.length - end) },
  ]);
}

function isSpace(letter: string | undefined): boolean {
  return letter !== undefined && /\s/.test(letter);
}

/** The whole of a text that another one took the place of. */
export function replaced(before: string, after: string): Piece[] {
  return withText([
    { kind: "removed", text: before },
    { kind: "added", text: after },
  ]);
}

function withText(pieces: Piece[]): Piece[] {
  return pieces.filter(({ text }) => text !== "");
}

/** As many letters are shown before and after what changed, and at both ends of what went or came. */
const CONTEXT = { same: 120, removed: 400, added: 400 };

/** What may be half a word where a text was cut. */
const HALF_WORD = { first: /^\S{0,20}\s+/, last: /\s+\S{0,20}$/ };

/** Pieces of which only what is near a change is left: what is missing of a long text is told by "…". */
export function nearChanges(pieces: readonly Piece[]): Piece[] {
  return pieces.map((piece, index) => {
    const { kind } = piece;
    const room = CONTEXT[kind];
    const letters = [...piece.text];
    const head = kind === "same" && index === 0 ? 0 : room;
    const tail = kind === "same" && index === pieces.length - 1 ? 0 : room;
    if (letters.length <= head + tail + 1) return piece;
    const first = head ? letters.slice(0, head).join("").replace(HALF_WORD.last, "") : "";
    const last = tail ? letters.slice(-tail).join("").replace(HALF_WORD.first, "") : "";
    return { kind, text: [first, "…", last].filter(Boolean).join(" ") };
  });
}
