import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mayPurge } from "../src/memory/owners.ts";
import type { PanelContext } from "../src/panel/context.ts";

const panel = (isAdmin: boolean, can_change = true) => ({ isAdmin, info: { can_change } }) as PanelContext;

describe("deleting for good", () => {
  it("is for one's own memories", () => {
    assert.ok(mayPurge(panel(false), ["ada", "ada"]));
    assert.ok(!mayPurge(panel(false, false), ["ada"]));
  });

  it("is for administrators where anything is the household's", () => {
    assert.ok(!mayPurge(panel(false), ["ada", "household"]));
    assert.ok(mayPurge(panel(true), ["ada", "household"]));
  });
});
