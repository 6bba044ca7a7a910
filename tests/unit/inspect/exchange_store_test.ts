import assert from "node:assert/strict";
import {
  type ExchangeEvent,
  ExchangeStore,
  type StoredExchange,
} from "../../../lib/inspect/exchange_store.ts";
import { test } from "../../harness.ts";

function exchange(id: string, costBytes: number, state = "complete"): StoredExchange {
  return { id, costBytes, state, endpointName: id.startsWith("b") ? "b" : "a" } as StoredExchange;
}

function ids(list: readonly { id: string }[]): string[] {
  return list.map(({ id }) => id);
}

test("ExchangeStore.list() gives the newest first, by endpoint, from anywhere, and by any question", () => {
  const store = new ExchangeStore();
  for (const id of ["a1", "b1", "a2", "b2", "a3"]) store.add(exchange(id, 1));
  assert.deepEqual(ids(store.list()), ["a3", "b2", "a2", "b1", "a1"]);
  assert.deepEqual(ids(store.list({ limit: 2 })), ["a3", "b2"]);
  assert.deepEqual(ids(store.list({ endpointName: "a" })), ["a3", "a2", "a1"]);
  assert.deepEqual(ids(store.list({ beforeId: "a2" })), ["b1", "a1"]);
  assert.deepEqual(ids(store.list({ beforeId: "gone" })), []);
  assert.deepEqual(ids(store.list({ where: ({ id }) => id.endsWith("1") })), ["b1", "a1"]);
  assert.equal(store.get("b1")?.id, "b1");
  assert.equal(store.get("b9"), undefined);
});

test("ExchangeStore keeps its bound: the oldest that are over go first, then the oldest", () => {
  const store = new ExchangeStore({ maxBytes: 100 });
  const events: string[] = [];
  store.on((event) => events.push(`${event.type} ${"exchange" in event ? event.exchange.id : ""}`));
  store.add(exchange("a1", 40, "open"));
  store.add(exchange("a2", 40));
  store.add(exchange("a3", 40));
  assert.deepEqual(ids(store.list()), ["a3", "a1"]);
  assert.equal(store.sizeBytes, 80);
  store.add(exchange("a4", 90, "open"));
  assert.deepEqual(ids(store.list()), ["a4"]);
  assert.deepEqual(events, [
    "added a1",
    "added a2",
    "added a3",
    "evicted a2",
    "added a4",
    "evicted a3",
    "evicted a1",
  ]);
});

test("ExchangeStore lets go what was under way for long as soon as it is over, and the gaps it left", () => {
  const store = new ExchangeStore({ maxBytes: 10 });
  const long = { ...exchange("long", 1, "open"), state: "open" as StoredExchange["state"] };
  store.add(long);
  for (let count = 0; count < 5_000; count++) store.add(exchange(`a${count}`, 1));
  assert.deepEqual([store.count, ids(store.list()).at(-1)], [10, "long"]);
  assert.deepEqual(ids(store.list({ limit: 2, beforeId: "a4992" })), ["a4991", "long"]);
  long.state = "complete";
  store.update(long);
  store.add(exchange("last", 1));
  assert.equal(store.get("long"), undefined, "it is the oldest that is over");
  assert.deepEqual(ids(store.list({ limit: 3 })), ["last", "a4999", "a4998"]);
  assert.equal(ids(store.list()).at(-1), "a4991");
});

test("ExchangeStore.add() puts one with a known id in the place of the one that had it", () => {
  const store = new ExchangeStore({ maxBytes: 100 });
  store.add(exchange("a1", 60));
  store.add(exchange("a2", 20));
  store.add(exchange("a1", 30));
  assert.deepEqual([ids(store.list()), store.sizeBytes], [["a1", "a2"], 50]);
});

test("ExchangeStore bears a listener that throws all of them away while one makes room", () => {
  const store = new ExchangeStore({ maxBytes: 100 });
  store.on(({ type }) => type === "evicted" && store.clear());
  store.add(exchange("a1", 60));
  store.add(exchange("a2", 60));
  assert.deepEqual([ids(store.list()), store.sizeBytes], [[], 0]);
});

test("ExchangeStore weighs anew what grows, and does without what is larger than all of it", () => {
  const store = new ExchangeStore({ maxBytes: 100 });
  const grows = { ...exchange("a1", 10), costBytes: 10 };
  store.add(grows);
  store.add(exchange("a2", 50));
  grows.costBytes = 60;
  store.update(grows);
  assert.deepEqual([ids(store.list()), store.sizeBytes], [["a1"], 60]);
  grows.costBytes = 101;
  store.update(grows);
  assert.deepEqual([ids(store.list()), store.sizeBytes], [[], 0]);
  store.update(grows);
  assert.equal(store.count, 0, "what made room is forgotten for good");
});

test("ExchangeStore.clear() forgets everything and says so", () => {
  const store = new ExchangeStore();
  const events: ExchangeEvent["type"][] = [];
  const end = store.on(({ type }) => events.push(type));
  store.add(exchange("a1", 10));
  store.clear();
  end();
  store.add(exchange("a2", 10));
  assert.deepEqual(events, ["added", "cleared"]);
  assert.deepEqual([ids(store.list()), store.sizeBytes], [["a2"], 10]);
});

test("ExchangeStore logs what a listener throws, and tells the others all the same", () => {
  const lines: string[] = [];
  const logger = {
    log: (_: string, message: string, fields?: Record<string, unknown>) => {
      lines.push(`${message}: ${fields?.err}`);
    },
    child: () => logger,
  };
  const store = new ExchangeStore({ logger });
  let heard = 0;
  store.on(() => {
    throw new Error("oops");
  });
  store.on(() => heard++);
  store.add(exchange("a1", 10));
  assert.deepEqual(lines, ["inspection listener failed: oops"]);
  assert.equal(heard, 1);
});
