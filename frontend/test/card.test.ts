import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import type { Hit, Memory } from "../src/api/types.ts";
import { Asking, PATIENCE } from "../src/card/asking.ts";
import { type CardConfig, readConfig } from "../src/card/config.ts";
import type { Hass, Message } from "../src/home-assistant.ts";

const CARD = { type: "custom:semantic-memory-card" };

describe("the configuration of the card", () => {
  it("has defaults for everything", () => {
    assert.deepEqual(readConfig(CARD), { title: null, mode: "both", limit: 5, filter: {} });
  });

  it("narrows what is shown", () => {
    assert.deepEqual(readConfig({ ...CARD, scope: "household", category: "home", title: "", limit: 20 }), {
      title: "",
      mode: "both",
      limit: 20,
      filter: { scope: "household", category: "home" },
    });
    assert.deepEqual(readConfig({ ...CARD, scope: "all" }).filter, {});
  });

  for (const wrong of [
    { mode: "write" },
    { scope: "session" },
    { category: "colour" },
    { limit: 0 },
    { limit: 21 },
    { limit: 2.5 },
    { limit: "5" },
    { title: 7 },
  ]) {
    it(`refuses ${JSON.stringify(wrong)}`, () => {
      assert.throws(() => readConfig({ ...CARD, ...wrong } as CardConfig), /has to be/);
    });
  }
});

/** A Home Assistant that answers what it is told to, when it is told to. */
class FakeHass {
  readonly messages: Message[] = [];
  readonly waiting: { resolve: (answer: unknown) => void; reject: (reason: unknown) => void }[] = [];
  unsubscribed = 0;
  private event?: (event: unknown) => void;

  readonly connection = {
    connected: true,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    subscribeMessage: async (callback: (event: unknown) => void) => {
      this.event = callback;
      return async () => {
        this.unsubscribed += 1;
      };
    },
  };

  callWS = (message: Message): Promise<unknown> => {
    this.messages.push(message);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  };

  tell(kind: string): void {
    this.event?.({ kind, memories: [], removed: [], reload: false });
  }

  asked(command: string): Message[] {
    return this.messages.filter(({ type }) => type === `semantic_memory/${command}`);
  }
}

const hit = (id: string) => ({ id, value: id }) as Hit;

describe("asking", () => {
  let hass: FakeHass;
  let asking: Asking;
  const settle = async () => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  const begin = (config: Partial<CardConfig> = {}) => {
    asking = new Asking(hass as unknown as Hass, readConfig({ ...CARD, ...config }), () => undefined);
    asking.start();
    return asking;
  };

  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout"] });
    hass = new FakeHass();
  });

  afterEach(() => {
    asking.stop();
    mock.timers.reset();
  });

  it("waits until nothing more is typed", async () => {
    begin({ mode: "search", scope: "household", limit: 3 });
    for (const query of ["s", "sp", "spare key "]) {
      asking.type(query);
      mock.timers.tick(PATIENCE - 1);
    }
    assert.equal(hass.messages.length, 0);
    mock.timers.tick(1);

    assert.deepEqual(hass.messages, [
      { type: "semantic_memory/search", query: "spare key", limit: 3, filter: { scope: "household" } },
    ]);
    hass.waiting[0]?.resolve({ hits: [hit("a")], certain: false });
    await settle();
    assert.deepEqual([asking.hits?.[0]?.id, asking.certain, asking.busy], ["a", false, false]);
  });

  it("does not show an answer that comes too late", async () => {
    begin({ mode: "search" });
    asking.type("first");
    void asking.search();
    asking.type("second");
    void asking.search();
    hass.waiting[1]?.resolve({ hits: [hit("second")] });
    await settle();
    hass.waiting[0]?.resolve({ hits: [hit("first")] });
    await settle();
    assert.equal(asking.hits?.[0]?.id, "second");
  });

  it("shows nothing of an answer after the question was cleared", async () => {
    begin({ mode: "search" });
    asking.type("x");
    void asking.search();
    asking.type("");
    hass.waiting[0]?.resolve({ hits: [hit("x")] });
    await settle();
    assert.deepEqual([asking.hits, asking.busy], [null, false]);
  });

  it("goes on where another one stopped", async () => {
    const first = begin({ mode: "search" });
    asking.type("x");
    void asking.search();
    hass.waiting[0]?.resolve({ hits: [hit("x")], certain: false });
    await settle();
    first.stop();
    const moved = begin({ mode: "search" });
    moved.goOn(first);
    assert.deepEqual([moved.query, moved.hits?.[0]?.id, moved.certain, moved.busy], ["x", "x", false, false]);
    hass.waiting[1]?.resolve({ hits: [hit("new")], certain: true });
    await settle();
    assert.deepEqual([moved.hits?.[0]?.id, moved.certain], ["new", true]);
    moved.stop();
    const pinned = begin({ mode: "pinned" });
    pinned.goOn(moved);
    assert.deepEqual([pinned.query, pinned.hits], ["", null]);
  });

  it("follows what is pinned, and asks again what was asked", async () => {
    begin({ category: "home" });
    await settle();
    assert.deepEqual(hass.asked("list"), [
      { type: "semantic_memory/list", filter: { category: "home", pinned: true }, limit: 5 },
    ]);
    hass.waiting[0]?.resolve({ memories: [{ id: "p" } as Memory] });
    await settle();
    assert.equal(asking.pinned?.[0]?.id, "p");

    hass.tell("recall");
    assert.equal(hass.messages.length, 1);
    asking.type("key");
    hass.tell("set");
    await settle();
    assert.deepEqual([hass.asked("list").length, hass.asked("search").length], [2, 1]);
  });

  it("says what went wrong, and forgets it with the next question", async () => {
    begin({ mode: "search" });
    asking.type("x");
    void asking.search();
    hass.waiting[0]?.reject({ code: "not_loaded", message: "Not running." });
    await settle();
    assert.equal((asking.error as Error).message, "Not running.");
    asking.type("y");
    assert.equal(asking.error, undefined);
  });

  it("ends its subscription", async () => {
    begin();
    await settle();
    asking.stop();
    await settle();
    assert.equal(hass.unsubscribed, 1);
  });
});
