import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemoryState } from "../src/api/types.ts";
import { changedFields, wordChanges } from "../src/changes.ts";

const STATE: MemoryState = {
  key: "wifi",
  value: "The password is bluebird77.",
  owner: "household",
  scope: "household",
  category: "home",
  tags: ["wifi", "code"],
  confidence: 1,
  pinned: false,
  expires_at: null,
};

describe("changed fields", () => {
  it("are those that differ, tags compared one by one", () => {
    assert.deepEqual(changedFields(STATE, { ...STATE, tags: ["wifi", "code"] }), []);
    assert.deepEqual(changedFields(STATE, { ...STATE, tags: ["wifi"], pinned: true }), ["tags", "pinned"]);
    assert.deepEqual(changedFields(STATE, { ...STATE, tags: ["code", "wifi"] }), ["tags"]);
  });

  it("leave out the scope where the owner says it already", () => {
    assert.deepEqual(changedFields(STATE, { ...STATE, owner: "ada", scope: "user" }), ["owner"]);
    assert.deepEqual(changedFields({ ...STATE, scope: "session" }, STATE), ["scope"]);
  });

  it("are all of a memory that came", () => {
    assert.ok(changedFields(null, STATE).includes("value"));
    assert.deepEqual(changedFields(null, null), []);
  });
});

describe("changed words", () => {
  const text = (before: string, after: string, language = "en") =>
    wordChanges(before, after, language)
      .map(({ kind, text }) => ({ same: text, added: `[+${text}]`, removed: `[-${text}]` })[kind])
      .join("");

  it("are told apart from those that stay", () => {
    assert.equal(text("It is at 17 degrees", "It is at 18 degrees"), "It is at [-17][+18] degrees");
    assert.equal(text("same", "same"), "same");
    assert.equal(text("", "new"), "[+new]");
  });

  it("are found in languages without spaces", () => {
    const pieces = wordChanges("寝室は十七度です", "寝室は十八度です", "ja");
    assert.equal(pieces[0]?.kind, "same");
    assert.ok(pieces[0].text.startsWith("寝室"));
  });

  it("give back both texts in full", () => {
    const [before, after] = ["One two  three.\nFour", "One 2 three!\n\nFour five"];
    const pieces = wordChanges(before, after, "en");
    const without = (kind: string) =>
      pieces
        .filter((piece) => piece.kind !== kind)
        .map((piece) => piece.text)
        .join("");
    assert.equal(without("added").replace(/\s+/g, " ").trim(), before.replace(/\s+/g, " "));
    assert.equal(without("removed"), after);
  });

  it("are not looked for in very long texts", () => {
    const pieces = wordChanges("a ".repeat(5000), "b ".repeat(5000), "en");
    assert.deepEqual(
      pieces.map(({ kind }) => kind),
      ["removed", "added"],
    );
  });
});
