import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { broughtBack, byDay, dayOf, type Entry, keyOf, withNewest } from "../src/activity/days.ts";

function change(id: number, at = "2026-03-01T12:00:00+00:00"): Entry {
  return {
    type: "change",
    id: String(id),
    at,
    kind: "set",
    memory_id: "m",
    key: "key",
    surface: "panel",
    actor_name: null,
    before: null,
    after: null,
  };
}

describe("days", () => {
  it("are those of the zone in which times are shown", () => {
    const entries = [change(2, "2026-03-02T04:00:00+00:00"), change(1, "2026-03-01T20:00:00+00:00")];
    assert.deepEqual(
      byDay(entries, "UTC").map(({ day }) => day),
      ["2026-03-02", "2026-03-01"],
    );
    const [only, ...none] = byDay(entries, "America/Los_Angeles");
    assert.deepEqual([only?.day, only?.entries.length, none], ["2026-03-01", 2, []]);
  });

  it("tell today from yesterday", () => {
    const day = dayOf("Asia/Tokyo");
    assert.notEqual(day("2026-03-01T14:59:00Z"), day("2026-03-01T15:00:00Z"));
  });
});

describe("the newest entries", () => {
  it("come before those that are there, each once", () => {
    const merged = withNewest([change(3), change(2), change(1)], [change(5), change(4), change(3)]);
    assert.deepEqual(
      merged?.map(({ id }) => id),
      ["5", "4", "3", "2", "1"],
    );
  });

  it("take the place of older copies", () => {
    const fresh = { ...change(3), actor_name: "Ada" } as Entry;
    const merged = withNewest([change(3), change(2)], [fresh, change(2)]);
    assert.equal(merged?.[0], fresh);
  });

  it("begin anew when they do not touch what is there", () => {
    assert.equal(withNewest([change(1)], [change(9), change(8)]), null);
    assert.deepEqual(withNewest([], []), []);
  });

  it("know a recall from a change with the same number", () => {
    const recall = { ...change(3), type: "recall" } as unknown as Entry;
    assert.notEqual(keyOf(recall), keyOf(change(3)));
    assert.equal(withNewest([change(3)], [recall, change(3)])?.length, 2);
  });
});

describe("what was forgotten", () => {
  const told = (id: number, kind: string, memory = "m") => ({ ...change(id), kind, memory_id: memory }) as Entry;

  it("is there again once something newer is told of it", () => {
    const [again, forgotten, expired, first] = [
      told(4, "restore"),
      told(3, "forget"),
      told(2, "expire", "n"),
      told(1, "forget"),
    ];
    assert.deepEqual([...broughtBack([again, forgotten, expired, first])], [forgotten, first]);
  });

  it("is gone as long as nothing is", () => {
    assert.equal(broughtBack([told(3, "forget"), told(2, "change"), told(1, "set")]).size, 0);
  });
});
