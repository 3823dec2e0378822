import type { EngineStatus, StatusAnswer } from "../api/types.ts";
import type { TextKey } from "../localize.ts";

export type Tone = "success" | "info" | "warning" | "error";

/** How search is doing, as texts: what is the case, and what can be done about it. */
export interface Verdict {
  tone: Tone;
  title: TextKey;
  /** What it means and what to do; null where all is well. */
  advice: TextKey | null;
}

/** Errors that have an advice of their own. */
const ERRORS: Readonly<Record<string, TextKey>> = {
  cannot_connect: "status.advice_unavailable",
  invalid_auth: "status.advice_auth",
  model_missing: "status.advice_model_missing",
  invalid_vectors: "status.advice_invalid_vectors",
  built_in_missing: "status.advice_built_in_missing",
};

/** What to say about the embedder. */
export function embedderVerdict(engine: EngineStatus): Verdict {
  const { embedder, embedder_error: error, model, preferred_model: preferred } = engine;
  const advice = error ? (ERRORS[error] ?? "status.advice_other") : null;
  if (embedder === "keyword")
    return { tone: "error", title: "status.keyword", advice: advice ?? "status.advice_built_in_missing" };
  if (error) return { tone: "warning", title: "status.stands_in", advice };
  if (preferred && preferred !== model)
    return { tone: "info", title: "status.changing", advice: "status.advice_changing" };
  return { tone: "success", title: embedder === "ollama" ? "status.ollama" : "status.built_in", advice: null };
}

/** What to say about the index of the vectors. */
export function indexVerdict({ index }: EngineStatus): Verdict {
  switch (index) {
    case "sqlite-vec":
      return { tone: "success", title: "status.index_disk", advice: null };
    case "memory":
      return { tone: "info", title: "status.index_memory", advice: "status.advice_index_memory" };
    case "none":
      return { tone: "warning", title: "status.index_none", advice: "status.advice_index_none" };
  }
}

/** What to say about the health of the database; null for users who are not told. */
export function healthVerdict(engine: EngineStatus, check: StatusAnswer["last_check"]): Verdict | null {
  if (engine.storage_error) return { tone: "error", title: "status.storage_error", advice: "status.advice_storage" };
  if (check === null) return null;
  if (check.problems.length) return { tone: "warning", title: "status.problems", advice: "status.advice_problems" };
  return { tone: "success", title: check.at ? "status.healthy" : "status.unchecked", advice: null };
}

/** Share of the memories that have their vector, 0..1; null when none waits. */
export function progressOf({ memories, pending }: EngineStatus): number | null {
  if (pending <= 0) return null;
  return Math.max(0, memories - pending) / Math.max(memories, pending);
}
