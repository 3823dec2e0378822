import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EngineStatus } from "../src/api/types.ts";
import { embedderVerdict, healthVerdict, indexVerdict, progressOf } from "../src/status/engine-words.ts";

const ENGINE: EngineStatus = {
  memories: 100,
  pending: 0,
  embedder: "ollama",
  model: "nomic-embed-text",
  preferred_model: "nomic-embed-text",
  embedder_error: null,
  unavailable_since: null,
  index: "sqlite-vec",
  index_error: null,
  storage_error: null,
  last_recall_at: null,
};

describe("what is said about the embedder", () => {
  it("is that all is well, with nothing to do", () => {
    assert.deepEqual(embedderVerdict(ENGINE), { tone: "success", title: "status.ollama", advice: null });
    assert.equal(
      embedderVerdict({ ...ENGINE, embedder: "built_in", model: "built-in", preferred_model: "built-in" }).title,
      "status.built_in",
    );
  });

  it("is that another model serves while the preferred one reads", () => {
    const verdict = embedderVerdict({ ...ENGINE, embedder: "built_in", model: "built-in", pending: 40 });
    assert.deepEqual(verdict, { tone: "info", title: "status.changing", advice: "status.advice_changing" });
  });

  it("is what to do about a server that is away, while the built-in model stands in", () => {
    const verdict = embedderVerdict({ ...ENGINE, embedder: "built_in", embedder_error: "cannot_connect" });
    assert.deepEqual(verdict, { tone: "warning", title: "status.stands_in", advice: "status.advice_unavailable" });
  });

  it("has an advice for errors that it does not know", () => {
    const verdict = embedderVerdict({ ...ENGINE, embedder: "built_in", embedder_error: "something_new" });
    assert.equal(verdict.advice, "status.advice_other");
  });

  it("is an error where only words are compared", () => {
    const verdict = embedderVerdict({ ...ENGINE, embedder: "keyword", embedder_error: "built_in_missing" });
    assert.equal(verdict.tone, "error");
    assert.equal(verdict.advice, "status.advice_built_in_missing");
    assert.ok(embedderVerdict({ ...ENGINE, embedder: "keyword" }).advice);
  });
});

describe("what is said about index and health", () => {
  it("alarms nobody about an index in memory", () => {
    assert.equal(indexVerdict({ ...ENGINE, index: "memory" }).tone, "info");
    assert.equal(indexVerdict({ ...ENGINE, index: "none" }).tone, "warning");
  });

  it("puts a database that fails before everything else, and says nothing to whom it is not told", () => {
    const check = { at: "2026-03-01T00:00:00Z", problems: [] };
    assert.equal(healthVerdict({ ...ENGINE, storage_error: "disk_full" }, check)?.tone, "error");
    assert.equal(healthVerdict(ENGINE, check)?.title, "status.healthy");
    assert.equal(healthVerdict(ENGINE, { at: null, problems: [] })?.title, "status.unchecked");
    assert.equal(healthVerdict(ENGINE, { ...check, problems: ["a broken index"] })?.tone, "warning");
    assert.equal(healthVerdict(ENGINE, null), null);
  });
});

describe("the progress of the queue", () => {
  it("is the share that has its vector, and nothing when none waits", () => {
    assert.equal(progressOf(ENGINE), null);
    assert.equal(progressOf({ ...ENGINE, pending: 25 }), 0.75);
    assert.equal(progressOf({ ...ENGINE, memories: 10, pending: 10 }), 0);
    assert.equal(progressOf({ ...ENGINE, memories: 0, pending: 3 }), 0);
  });
});
