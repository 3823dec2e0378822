import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Api } from "../src/api/client.ts";
import type { MemoryEvent } from "../src/api/types.ts";
import type { Hass } from "../src/home-assistant.ts";
import { Live, type LiveEvent } from "../src/panel/live.ts";

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

const settled = () => new Promise((done) => setImmediate(done));
const CHANGE: MemoryEvent = { kind: "change", memories: [], removed: ["1"], reload: false };

/** A connection that accepts subscriptions unless it is told not to. */
function connection() {
  const listeners = new Map<string, () => void>();
  const state = {
    connected: true,
    refuses: false,
    subscriptions: 0,
    ended: 0,
    send: (_: MemoryEvent): void => undefined,
    is: (kind: "ready" | "disconnected") => {
      state.connected = kind === "ready";
      listeners.get(kind)?.();
    },
    listening: listeners,
    addEventListener: (kind: string, listener: () => void) => listeners.set(kind, listener),
    removeEventListener: (kind: string) => listeners.delete(kind),
    subscribeMessage: async (callback: (event: MemoryEvent) => void) => {
      if (state.refuses) throw { code: "not_loaded", message: "Not loaded" };
      state.subscriptions += 1;
      state.send = callback;
      return async () => {
        state.ended += 1;
      };
    },
  };
  return state;
}

function start(state: ReturnType<typeof connection>) {
  const events: LiveEvent["kind"][] = [];
  const live = new Live(new Api({ connection: state } as unknown as Hass));
  live.listen(({ kind }) => events.push(kind));
  return { live, events };
}

test("events reach those who listen, until they stop", async () => {
  const state = connection();
  const { live, events } = start(state);
  await settled();

  state.send(CHANGE);
  live.stop();
  state.send(CHANGE);

  assert.deepEqual(events, ["change"]);
  assert.equal(state.ended, 1);
  assert.equal(state.listening.size, 0);
});

test("after a lost connection everything is loaded anew", async () => {
  const state = connection();
  const { live, events } = start(state);
  await settled();

  state.is("disconnected");
  assert.equal(live.connected, false);
  state.is("ready");
  await settled();

  assert.equal(live.connected, true);
  assert.equal(state.subscriptions, 2);
  assert.deepEqual(events, ["stale"]);
});

test("a restart that takes a while is waited for", async () => {
  const state = connection();
  const { live, events } = start(state);
  await settled();
  state.is("disconnected");
  state.refuses = true; // Home Assistant answers before the integration is there
  state.is("ready");
  await settled();
  assert.equal(live.error?.code, "not_loaded");

  state.refuses = false;
  mock.timers.tick(5_000);
  await settled();
  state.send(CHANGE);

  assert.equal(live.error, null);
  assert.deepEqual(events, ["stale", "change"]);
});

test("a refused subscription is told and tried again", async () => {
  const state = connection();
  state.refuses = true;
  const { live, events } = start(state);
  await settled();
  assert.equal(live.error?.code, "not_loaded");

  state.refuses = false;
  mock.timers.tick(5_000);
  await settled();

  assert.equal(live.error, null);
  assert.equal(state.subscriptions, 1);
  assert.deepEqual(events, ["stale"]);
});

test("a subscription that comes after the end is given back", async () => {
  const state = connection();
  const { live } = start(state);

  live.stop();
  await settled();

  assert.equal(state.ended, 1);
});
