import assert from "node:assert/strict";
import { test } from "node:test";
import type { Memory } from "../src/api/types.ts";
import { conflicts, fieldsOf, insisting, withChange, without } from "../src/memory/draft.ts";

const MEMORY = {
  id: "1",
  key: "wifi",
  value: "The wifi is bluebird.",
  owner: "household",
  category: "home",
  tag_list: ["code"],
  confidence: 1,
  pinned: false,
  expires_at: null,
} as unknown as Memory;

test("only what differs is a draft, and what was changed back is none", () => {
  const draft = withChange(undefined, MEMORY, { value: "The wifi is robin.", pinned: false });

  assert.deepEqual(draft?.changes, { value: "The wifi is robin." });
  assert.equal(withChange(draft, MEMORY, { value: MEMORY.value }), undefined);
  assert.equal(withChange(undefined, MEMORY, { tags: ["code"] }), undefined);
});

test("what others change beside it is no conflict", () => {
  const draft = withChange(undefined, MEMORY, { value: "The wifi is robin." });

  assert.deepEqual(conflicts(draft, { ...MEMORY, pinned: true }), []);
  assert.deepEqual(conflicts(draft, { ...MEMORY, value: "The wifi is robin." }), []);
});

test("the same field changed by others is a conflict until somebody decides", () => {
  const changed = { ...MEMORY, value: "The wifi is owl.", category: "device" } as Memory;
  const draft = withChange(undefined, MEMORY, { value: "The wifi is robin.", category: "general", pinned: true });
  assert.ok(draft);

  assert.deepEqual(conflicts(draft, changed), ["value", "category"]);
  assert.deepEqual(conflicts(insisting(draft, changed), changed), []);
  assert.deepEqual(without(draft, ["value", "category"])?.changes, { pinned: true });
  assert.equal(without(draft, ["value", "category", "pinned"]), undefined);
});

test("fields are those of the memory", () => {
  assert.deepEqual(fieldsOf(MEMORY).tags, ["code"]);
});
