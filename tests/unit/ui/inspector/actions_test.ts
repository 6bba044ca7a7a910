/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { type Actions, makeActions, replayObstacle } from "../../../../lib/ui/inspector/actions.ts";
import { InspectorClient } from "../../../../lib/ui/inspector/inspector_client.ts";
import { InspectorState } from "../../../../lib/ui/inspector/inspector_state.ts";
import { FakeAgentApi } from "../../../fakes/agent_api.ts";
import { test } from "../../../harness.ts";

const api = new FakeAgentApi();

function scene(made: Parameters<FakeAgentApi["make"]>[0] = {}, status = 200) {
  const asked: string[] = [];
  const client = new InspectorClient((path, { body }) => {
    asked.push(`${path} ${body ?? ""}`.trim());
    const answer = status === 200 ? { ids: ["airt_a", "airt_b"] } : { msg: "No" };
    return Promise.resolve(Response.json(answer, { status }));
  });
  const state = new InspectorState(new FakeClock(), {
    address: () => ({ path: "/inspect/http", hash: "" }),
    go: () => {},
    frame: (run) => run(),
    listen: () => ({ close() {} }),
  }, client);
  const exchange = api.make(made);
  state.detail.value = exchange;
  const opened: string[] = [];
  const copied: string[] = [];
  const actions: Actions = makeActions(state, (dialog) => opened.push(dialog), (text) => {
    copied.push(text);
    return Promise.resolve();
  });
  return { state, actions, opened, copied, asked, exchange };
}

test("makeActions(): a replay is asked for, told, and shown", async () => {
  const { state, actions, asked, exchange } = scene();
  assert.equal(await actions.replay({ times: 2 }), true);
  assert.equal(asked[0], `/api/inspect/exchanges/${exchange.id}/replay {"times":2}`);
  assert.equal(state.route.value.id, "airt_b");
  assert.match(state.toasts.list.value[0].problem.message, /sent again, 2 times/);
});

test("makeActions(): what the agent refuses is told", async () => {
  const { state, actions } = scene({}, 502);
  assert.equal(await actions.replay({}), false);
  assert.equal(state.toasts.list.value[0].bad, true);
});

test("makeActions(): what cannot be sent again is not tried", async () => {
  const { state, actions, asked, opened } = scene({ truncated: true, requestBody: "x" });
  assert.equal(await actions.replay({}), false);
  actions.run("edit");
  assert.deepEqual([asked, opened], [[], []]);
  assert.match(state.toasts.list.value[0].problem.message, /only its beginning/);
  assert.match(replayObstacle(api.make({ kind: "websocket" }))!, /WebSocket/);
  assert.equal(replayObstacle(api.make({})), undefined);
});

test("makeActions(): keys copy, open and mark", async () => {
  const { state, actions, copied, opened, exchange } = scene();
  actions.run("curl");
  actions.run("fetch");
  await Promise.resolve();
  assert.match(copied[0], /^curl/);
  assert.match(copied[1], /fetch\(/);
  assert.equal(state.toasts.list.value.length, 2);
  actions.run("edit");
  assert.deepEqual(opened, ["edit"]);
  actions.run("compare");
  assert.equal(state.comparing.value, exchange.id);
});

test("makeActions(): nothing happens without an exchange", async () => {
  const { state, actions, asked, opened } = scene();
  state.detail.value = undefined;
  assert.equal(await actions.replay({}), false);
  actions.run("edit");
  assert.deepEqual([asked, opened], [[], []]);
});

test("makeActions(): a comparison can be made by keys alone, and where the list is out of sight", async () => {
  const { state, actions, exchange } = scene();
  state.route.value = { page: "requests", id: exchange.id, otherId: undefined };
  actions.run("compare");
  actions.run("compare");
  assert.equal(state.comparing.value, exchange.id, "not with itself");
  const other = api.make({});
  state.detail.value = other;
  actions.run("compare");
  assert.equal(state.comparing.value, undefined);
  assert.deepEqual([state.route.value.id, state.route.value.otherId], [exchange.id, other.id]);
  const narrow = makeActions(state, () => {}, () => Promise.resolve(), () => true);
  state.detail.value = exchange;
  narrow.run("compare");
  assert.equal(state.route.value.id, undefined);
  await Promise.resolve();
});

test("makeActions(): a header becomes a filter, once", () => {
  const { state, actions } = scene();
  actions.filterBy("X-Id", "7");
  actions.filterBy("x-id", "7");
  assert.deepEqual(state.filters.value, [
    { field: "header", name: "x-id", operator: "==", value: "7" },
  ]);
});
