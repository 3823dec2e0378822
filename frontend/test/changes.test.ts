import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemoryState } from "../src/api/types.ts";
import { changedFields, nearChanges, replaced, wordChanges } from "../src/changes.ts";

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

  it("are those between the ends that very long texts have in common", () => {
    const [start, end] = ["Same before. ".repeat(400), " Same after.".repeat(400)];
    assert.deepEqual(wordChanges(`${start}one two${end}`, `${start}one three${end}`, "en"), [
      { kind: "same", text: `${start}one ` },
      { kind: "removed", text: "two" },
      { kind: "added", text: "three" },
      { kind: "same", text: end },
    ]);
    const longer = `${start}${start}`;
    assert.deepEqual(
      wordChanges(start, longer, "en")
        .map(({ text }) => text)
        .join(""),
      longer,
    );
    assert.deepEqual(
      wordChanges("a ".repeat(5000), "b ".repeat(5000), "en").map(({ kind }) => kind),
      ["removed", "added", "same"],
    );
  });
});

describe("what is near changes", () => {
  const shown = (before: string, after: string) => nearChanges(wordChanges(before, after, "en"));

  it("is all of a short text", () => {
    assert.deepEqual(
      shown("It is at 17 degrees", "It is at 18 degrees"),
      wordChanges("It is at 17 degrees", "It is at 18 degrees", "en"),
    );
  });

  it("leaves out what is far from them", () => {
    const [start, middle, end] = ["a ".repeat(200), " b".repeat(300), " c".repeat(200)];
    const pieces = shown(`${start}17${middle} old${end}`, `${start}18${middle} new${end}`);
    assert.deepEqual(
      pieces.map(({ kind }) => kind),
      ["same", "removed", "added", "same", "removed", "added", "same"],
    );
    assert.equal(pieces[0]?.text, `… ${"a ".repeat(59)}`);
    assert.equal(pieces[3]?.text, `${" b".repeat(59)} … ${"b ".repeat(59)}`);
    assert.equal(pieces[6]?.text, `${" c".repeat(59)} …`);
  });

  it("does not cut letters in two", () => {
    const pieces = shown(`${"🎉".repeat(500)} 17`, `${"🎉".repeat(500)} 18`);
    assert.equal(pieces[0]?.text, `… ${"🎉".repeat(119)} `);
  });

  it("shortens what came at both ends", () => {
    const [piece] = nearChanges([{ kind: "added", text: "x".repeat(2000) }]);
    assert.equal(piece?.text, `${"x".repeat(400)} … ${"x".repeat(400)}`);
  });
});

describe("what is replaced", () => {
  it("is told as a whole, and nothing where there was nothing", () => {
    assert.deepEqual(replaced("28 May 2027, 22:39", "never"), [
      { kind: "removed", text: "28 May 2027, 22:39" },
      { kind: "added", text: "never" },
    ]);
    assert.deepEqual(replaced("", "x"), [{ kind: "added", text: "x" }]);
  });
});
