import assert from "node:assert/strict";
import { test } from "node:test";
import type { ListQuery } from "../src/api/client.ts";
import type { ListAnswer, Memory } from "../src/api/types.ts";
import { Pages } from "../src/memories/pages.ts";
import { Rows } from "../src/memories/rows.ts";
import { countConditions, readQuery, writeQuery } from "../src/memories/view-query.ts";

test("an address tells the whole view, and nonsense in it is left out", () => {
  const query = { q: "wifi", category: "home", tags: "a,b", pinned: "no", sort: "key", order: "desc", group: "scope" };

  const read = readQuery({ ...query, scope: "nobody", expiring: "maybe" });

  assert.deepEqual(read.filter, { category: "home", tags: ["a", "b"], pinned: false });
  assert.equal(read.descending, true);
  assert.deepEqual(writeQuery(read), query);
  assert.equal(countConditions(read.filter), 3);
});

test("defaults stay out of the address", () => {
  assert.deepEqual(writeQuery(readQuery({})), {});
  assert.deepEqual(writeQuery(readQuery({ sort: "key" })), { sort: "key" });
});

test("rows of a flat list are its offsets", () => {
  const rows = new Rows(3, []);

  assert.equal(rows.count, 3);
  assert.deepEqual(rows.at(2), { kind: "memory", offset: 2 });
  assert.equal(rows.indexOf(2), 2);
});

test("groups have headings, and collapsed ones nothing below them", () => {
  const groups = [
    { value: "home", count: 2 },
    { value: "event", count: 3 },
    { value: "user", count: 1 },
  ];
  const rows = new Rows(6, groups, new Set(["event"]));

  const kinds = Array.from({ length: rows.count }, (_, index) => {
    const row = rows.at(index);
    return row.kind === "group" ? row.value : row.offset;
  });

  assert.deepEqual(kinds, ["home", 0, 1, "event", "user", 5]);
  assert.deepEqual(
    [0, 1, 2, 4, 5].map((offset) => rows.indexOf(offset)),
    [1, 2, -1, -1, 5],
  );
});

function memory(id: string): Memory {
  return { id, value: id } as Memory;
}

/** A server with `total` memories that answers when it is told to. */
function server(total: number) {
  const waiting: (() => void)[] = [];
  const asked: number[] = [];
  const state = { total, prefix: "m" };
  const fetch = ({ offset = 0, limit = 0 }: ListQuery) => {
    asked.push(offset);
    const count = Math.max(0, Math.min(limit, state.total - offset));
    const { prefix } = state;
    const answer: ListAnswer = {
      total: state.total,
      groups: [],
      offset,
      memories: Array.from({ length: count }, (_, index) => memory(`${prefix}${offset + index}`)),
    };
    return new Promise<ListAnswer>((resolve) => waiting.push(() => resolve(answer)));
  };
  const answer = async () => {
    for (const resolve of waiting.splice(0)) resolve();
    await new Promise((done) => setImmediate(done));
  };
  return { fetch, answer, asked, state };
}

test("only pages in sight are fetched, each once", async () => {
  const { fetch, answer, asked } = server(100_000);
  const pages = new Pages(fetch, {}, () => undefined);

  pages.want(0, 20);
  pages.want(0, 30);
  await answer();
  pages.want(50_010, 50_130);
  await answer();
  pages.want(50_010, 50_130);

  assert.deepEqual(asked, [0, 50_000, 50_100]);
  assert.equal(pages.at(50_111)?.id, "m50111");
  assert.equal(pages.at(500), undefined);
  assert.equal(pages.offsetOf("m50111"), 50_111);
});

test("what is there stays until it was loaded anew, and late answers from before are dropped", async () => {
  const { fetch, answer, state } = server(150);
  const pages = new Pages(fetch, {}, () => undefined);
  pages.want(0, 149);
  await answer();

  pages.refresh(); // asked while the old ones are still there …
  state.prefix = "n";
  state.total = 90;
  pages.refresh(); // … and once more: the first answers count no more
  assert.equal(pages.at(0)?.id, "m0");
  await answer();

  assert.equal(pages.at(0)?.id, "n0");
  assert.equal(pages.total, 90);
  assert.equal(pages.at(120), undefined);
});

test("a failure is told, and gone with the next answer", async () => {
  let fails = true;
  const pages = new Pages(
    () =>
      fails ? Promise.reject(new Error("no")) : Promise.resolve({ total: 0, groups: [], offset: 0, memories: [] }),
    {},
    () => undefined,
  );
  pages.want(0, 0);
  await new Promise((done) => setImmediate(done));
  assert.ok(pages.error);

  fails = false;
  pages.refresh();
  await new Promise((done) => setImmediate(done));

  assert.equal(pages.error, undefined);
  assert.equal(pages.loaded, true);
});
