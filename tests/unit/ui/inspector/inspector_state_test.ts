/** @module */
import assert from "node:assert/strict";
import type { AgentApiEvent, ExchangeDetail } from "../../../../lib/api/agent/shapes.ts";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { parseFilter } from "../../../../lib/ui/inspector/filters.ts";
import { InspectorClient } from "../../../../lib/ui/inspector/inspector_client.ts";
import {
  DETAIL_MS,
  HEADERS_MS,
  InspectorState,
  MEMORY_MS,
  SEARCH_MS,
} from "../../../../lib/ui/inspector/inspector_state.ts";
import { FakeAgentApi } from "../../../fakes/agent_api.ts";
import { test } from "../../../harness.ts";

const api = new FakeAgentApi();

/** All promises that are settled have been heard. */
const settle = () => new Promise<void>((done) => setImmediate(done));

function scene(exchanges: ExchangeDetail[] = []) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const went: string[] = [];
  const frames: (() => void)[] = [];
  let hear: (event: AgentApiEvent) => void = () => {};
  let open = () => {};
  let lose = () => {};
  let closed = 0;
  const world = { exchanges, isDown: false, found: undefined as string[] | undefined };
  const client = new InspectorClient((path) => {
    asked.push(path);
    if (world.isDown) return Promise.reject(new TypeError("refused"));
    const { pathname, searchParams } = new URL(path, "http://agent");
    if (pathname.endsWith("/headers")) {
      return Promise.resolve(
        Response.json({ headers: [{ name: "accept", count: 1, values: [] }] }),
      );
    }
    if (pathname.endsWith("/status")) return Promise.resolve(Response.json(api.status));
    const id = /exchanges\/(.+)/.exec(pathname)?.[1];
    if (id) {
      const found = world.exchanges.find((exchange) => exchange.id === id);
      return Promise.resolve(
        found ? Response.json(found) : Response.json({ msg: "Gone" }, { status: 404 }),
      );
    }
    const isSearch = searchParams.has("q") || searchParams.has("filter");
    const all = world.exchanges.filter(({ id }) => !isSearch || world.found!.includes(id));
    const before = searchParams.get("before");
    const from = before ? all.findIndex(({ id }) => id === before) + 1 : 0;
    const page = all.slice(from, from + Number(searchParams.get("limit")));
    return Promise.resolve(
      Response.json({ exchanges: page, kept: all.length, size_bytes: 7, max_bytes: 9 }),
    );
  });
  const state = new InspectorState(clock, {
    address: () => ({ path: "/inspect/http", hash: "" }),
    go: (address) => went.push(address),
    frame: (run) => frames.push(run),
    listen: (onEvent, onOpen, onLost) => {
      [hear, open, lose] = [onEvent, onOpen, onLost];
      return { close: () => closed++ };
    },
  }, client);
  const draw = () => frames.splice(0).forEach((run) => run());
  return {
    state,
    clock,
    asked,
    went,
    world,
    frames,
    draw,
    hear: (event: AgentApiEvent) => hear(event),
    open: () => open(),
    lose: () => lose(),
    closed: () => closed,
  };
}

const ids = (state: InspectorState) => state.shown.value.map(({ id }) => id);

test("InspectorState reads all pages when it is connected, and again when it is anew", async () => {
  const many = Array.from({ length: 1_203 }, (_, at) => api.make({ agoMs: at * 10 }));
  const { state, open, world, lose, asked } = scene(many);
  state.start();
  assert.equal(asked.length, 0, "only when it is connected");
  open();
  await settle();
  assert.equal(state.all.value.length, 1_203);
  assert.equal(state.all.value[0].id, many[0].id);
  assert.deepEqual(state.memory.value, { usedBytes: 7, maxBytes: 9 });
  assert.equal(state.status.value!.version, "0.1.0");
  lose();
  assert.equal(state.isLost.value, true);
  world.exchanges = many.slice(0, 3);
  open();
  await settle();
  assert.equal(state.isLost.value, false);
  assert.equal(state.all.value.length, 3, "what is gone is gone");
});

test("InspectorState says when the agent does not answer", async () => {
  const { state, open, world } = scene();
  world.isDown = true;
  state.start();
  open();
  await settle();
  assert.equal(state.isLost.value, true);
  assert.match(state.toasts.list.value[0].problem.message, /does not answer/);
});

test("InspectorState shows what a filter leaves while it is written, and searches for no filter", async () => {
  const [first, second] = [api.make({ status: 404 }), api.make({ status: 200 })];
  const { state, open, clock, asked } = scene([first, second]);
  state.start();
  open();
  await settle();
  const before = asked.length;
  for (const [text, wanted] of [["status >= 4", 2], ["status >= 400", 1], ["status == ", 2]]) {
    state.setText(text as string);
    await clock.advance(SEARCH_MS);
    assert.equal(state.shown.value.length, wanted, text as string);
  }
  assert.equal(asked.length, before, "the agent is not asked for it");
  assert.equal(state.isSearching.value, false);
});

test("InspectorState asks for the headers that passed, not too often, and again after a failure", async () => {
  const { state, asked, world, clock } = scene();
  world.isDown = true;
  await state.loadHeaderWords();
  assert.equal(state.headerWords.value.length, 0);
  world.isDown = false;
  await state.loadHeaderWords();
  await state.loadHeaderWords();
  assert.equal(state.headerWords.value[0].name, "accept");
  assert.equal(asked.length, 2);
  await clock.advance(HEADERS_MS);
  await state.loadHeaderWords();
  assert.equal(asked.length, 3);
});

test("InspectorState draws news once a frame", () => {
  const { state, hear, frames, draw, closed } = scene();
  state.start();
  for (let count = 0; count < 500; count++) {
    hear({ type: "exchange.added", exchange: api.make({}) });
  }
  assert.equal(frames.length, 1);
  assert.equal(state.all.value.length, 0);
  draw();
  assert.equal(state.all.value.length, 500);
  state.stop();
  assert.equal(closed(), 1);
});

test("InspectorState asks what the exchanges cost, once for many news", async () => {
  const { state, hear, clock, asked } = scene();
  state.start();
  for (let count = 0; count < 9; count++) hear({ type: "exchange.added", exchange: api.make({}) });
  await clock.advance(MEMORY_MS);
  await settle();
  assert.deepEqual(asked, ["/api/inspect/exchanges?limit=1"]);
  assert.deepEqual(state.memory.value, { usedBytes: 7, maxBytes: 9 });
});

test("InspectorState keeps a course of the numbers", () => {
  const { state, hear } = scene();
  state.start();
  for (let count = 0; count < 70; count++) hear({ type: "status", status: api.status });
  assert.equal(state.course.value.length, 60);
  const { requests, open, latencyMs, p50Ms } = state.course.value[0];
  assert.deepEqual([requests, open, latencyMs, p50Ms], [8.4, 6, 23.4, 12.4]);
});

test("InspectorState filters what it knows at once, and asks for the rest", async () => {
  const exchanges = [api.make({ status: 404 }), api.make({}), api.make({ status: 500, agoMs: 5 })];
  const [first, , old] = exchanges;
  const { state, clock, open, world, asked, hear, draw } = scene(exchanges);
  state.start();
  open();
  await settle();
  asked.length = 0;
  state.setFilters([parseFilter("status >= 400")!]);
  assert.deepEqual(ids(state), [first.id, old.id]);
  assert.deepEqual(asked, []);

  world.found = [old.id];
  state.setText("o");
  state.setText("oil");
  assert.equal(state.isSearching.value, true);
  await clock.advance(SEARCH_MS);
  await settle();
  assert.deepEqual(asked, ["/api/inspect/exchanges?limit=500&q=oil"]);
  assert.deepEqual(ids(state), [old.id]);
  assert.equal(state.isSearching.value, false);

  const fresh = api.make({ status: 503 });
  world.exchanges.unshift(fresh);
  world.found.push(fresh.id);
  hear({ type: "exchange.added", exchange: fresh });
  draw();
  assert.deepEqual(ids(state), [old.id]);
  await clock.advance(1_000);
  await settle();
  assert.deepEqual(ids(state), [fresh.id, old.id], "news are searched, too");

  state.setText("");
  state.setFilters([]);
  assert.equal(state.shown.value.length, 4);
});

test("InspectorState asks the agent for headers", async () => {
  const { state, clock, world, asked } = scene([api.make({})]);
  world.found = [];
  state.setFilters([parseFilter("header x-a match b")!]);
  await clock.advance(0);
  await settle();
  assert.match(asked[0], /filter=header\+x-a\+match\+b/);
});

test("InspectorState shows an exchange, follows it, and says when it is gone", async () => {
  const [one, two] = [api.make({ status: null }), api.make({ agoMs: 9 })];
  const { state, clock, went, world, open, hear } = scene([one, two]);
  state.start();
  open();
  await settle();
  state.step(1);
  await settle();
  assert.equal(state.detail.value!.id, one.id);
  assert.deepEqual(went, [`/inspect/http#/${one.id}`]);
  const done = { ...one, status: 200, state: "complete" as const };
  world.exchanges[0] = done;
  hear({ type: "exchange.updated", exchange: done });
  hear({ type: "exchange.updated", exchange: done });
  await clock.advance(DETAIL_MS);
  await settle();
  assert.equal(state.detail.value!.status, 200);
  state.step(1);
  state.step(1);
  await settle();
  assert.equal(state.detail.value!.id, two.id, "the last one is the last one");
  state.go({ id: "airt_none" });
  await settle();
  assert.equal(state.detail.value, undefined);
  assert.equal(state.detailFailure.value!.message, "Gone");
});

test("InspectorState compares the one that waits with the next that is chosen", async () => {
  const [one, two] = [api.make({}), api.make({ agoMs: 9 })];
  const { state, open } = scene([one, two]);
  state.start();
  open();
  await settle();
  state.select(one.id);
  state.comparing.value = one.id;
  state.select(two.id);
  await settle();
  assert.deepEqual([state.detail.value!.id, state.other.value!.id], [one.id, two.id]);
  assert.equal(state.comparing.value, undefined);
});

test("InspectorState goes back to the list when all is cleared", async () => {
  const one = api.make({});
  const { state, open, hear, draw } = scene([one]);
  state.start();
  open();
  await settle();
  state.select(one.id);
  hear({ type: "exchange.cleared" });
  draw();
  assert.equal(state.route.value.id, undefined);
  assert.deepEqual(state.all.value, []);
});

test("InspectorState goes where the browser goes", () => {
  const { state } = scene();
  state.go({ page: "status" });
  assert.equal(state.route.value.page, "status");
  state.onAddress();
  assert.equal(state.route.value.page, "requests");
});
