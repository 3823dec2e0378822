import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import type { ReactiveController } from "lit";
import type { SearchQuery } from "../src/api/client.ts";
import type { Hit, Memory, SearchAnswer } from "../src/api/types.ts";
import { MemoriesModel } from "../src/memories/model.ts";
import type { PanelContext } from "../src/panel/context.ts";

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

const settled = () => new Promise((done) => setImmediate(done));

/** A view with an address that can be changed, and a server that answers searches when it is told to. */
function house() {
  const searches: { query: SearchQuery; answer: (hits: Hit[]) => Promise<void>; fail: () => Promise<void> }[] = [];
  const lists: unknown[] = [];
  const api = {
    list: (query: unknown) => {
      lists.push(query);
      return Promise.resolve({ total: 1, groups: [], offset: 0, memories: [{ id: "1", value: "old" }] });
    },
    facets: () => Promise.resolve({ total: 1 }),
    search: (query: SearchQuery) =>
      new Promise<SearchAnswer>((resolve, reject) => {
        searches.push({
          query,
          answer: (hits) => {
            resolve({ query: query.query, hits, certain: true, model: "m", embedder: "built_in", took_ms: 1 });
            return settled() as Promise<void>;
          },
          fail: () => {
            reject(new Error("no"));
            return settled() as Promise<void>;
          },
        });
      }),
  };
  const host = {
    panel: { api, address: { tab: "memories", query: {} } } as unknown as PanelContext,
    addController: (_: ReactiveController) => undefined,
    removeController: () => undefined,
    requestUpdate: () => undefined,
    updateComplete: Promise.resolve(true),
  };
  const model = new MemoriesModel(host);
  const show = (query: Record<string, string>) => {
    host.panel = { ...host.panel, address: { tab: "memories", query } };
    model.hostUpdate();
  };
  return { model, show, searches, lists };
}

const hit = (id: string) => ({ id, value: id, score: 0.5 }) as Hit;

test("one search is asked when somebody stops typing", async () => {
  const { show, searches } = house();

  for (const q of ["w", "wi", "wifi"]) show({ q });
  mock.timers.tick(149);
  assert.equal(searches.length, 0);
  mock.timers.tick(1);

  assert.deepEqual(
    searches.map(({ query }) => query.query),
    ["wifi"],
  );
});

test("answers that come after another question are dropped", async () => {
  const { model, show, searches } = house();
  show({ q: "wifi" });
  mock.timers.tick(150);
  show({ q: "coffee" });
  mock.timers.tick(150);

  await searches[1]?.answer([hit("coffee")]);
  await searches[0]?.answer([hit("wifi")]);

  assert.deepEqual(
    model.search?.hits.map(({ id }) => id),
    ["coffee"],
  );
  assert.equal(model.searching, false);
});

test("an answer on its way counts no more once the box is empty", async () => {
  const { model, show, searches } = house();
  show({ q: "wifi" });
  mock.timers.tick(150);
  show({});

  await searches[0]?.answer([hit("wifi")]);

  assert.equal(model.recalls, false);
  assert.equal(model.search, undefined);
});

test("a failed search is told, and the next one forgets it", async () => {
  const { model, show, searches } = house();
  show({ q: "wifi" });
  mock.timers.tick(150);
  await searches[0]?.fail();
  assert.ok(model.error);

  show({ q: "coffee" });
  mock.timers.tick(150);
  await searches[1]?.answer([]);

  assert.equal(model.error, undefined);
  assert.equal(model.loaded, true);
});

test("filters go along with the search, and among the forgotten the text is looked for", async () => {
  const { show, searches, lists } = house();

  show({ q: "wifi", category: "home" });
  mock.timers.tick(150);
  show({ q: "wifi", forgotten: "yes" });
  mock.timers.tick(150);

  assert.deepEqual(searches[0]?.query.filter, { category: "home" });
  assert.equal(searches.length, 1);
  assert.deepEqual((lists.at(-1) as { filter: unknown }).filter, { forgotten: true, text: "wifi" });
});

test("what happens to a memory is shown at once, and loaded anew when it settles", async () => {
  const { model, show, lists } = house();
  show({});
  await settled();
  const before = lists.length;

  const changed = { id: "1", value: "new" } as Memory;
  model.onEvent({ kind: "change", memories: [changed], removed: [], reload: false });
  model.onEvent({ kind: "change", memories: [changed], removed: [], reload: false });

  assert.equal(model.source.at(0)?.value, "new");
  mock.timers.tick(300);
  await settled();
  assert.equal(lists.length, before + 1);
});

test("recalls never start a search, however the list is sorted", async () => {
  const { model, show, searches, lists } = house();
  show({ q: "wifi", sort: "last_used" });
  mock.timers.tick(150);
  await searches[0]?.answer([hit("wifi")]);
  const before = lists.length;

  model.onEvent({ kind: "recall", memories: [], removed: [], reload: false });
  mock.timers.tick(1_000);
  await settled();

  assert.equal(searches.length, 1);
  assert.ok(lists.length > before);
});

test("news without a pause do not keep the list from being loaded anew", async () => {
  const { model, show, lists } = house();
  show({});
  await settled();
  const before = lists.length;

  for (let step = 0; step < 10; step += 1) {
    model.onEvent({ kind: "import", memories: [], removed: [], reload: true });
    mock.timers.tick(100);
    await settled();
  }

  assert.equal(lists.length, before + 3);
});

test("a recall changes no list that is not sorted by it", async () => {
  const { model, show, lists } = house();
  show({});
  await settled();
  const before = lists.length;

  model.onEvent({ kind: "recall", memories: [], removed: [], reload: false });
  mock.timers.tick(1_000);

  assert.equal(lists.length, before);
});
