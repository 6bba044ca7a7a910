/** @module */
import assert from "node:assert/strict";
import { FakeAgentApi } from "../../../fakes/agent_api.ts";
import { ExchangeList } from "../../../../lib/ui/inspector/exchange_list.ts";
import { test } from "../../../harness.ts";

const api = new FakeAgentApi();
const at = (agoMs: number) => api.make({ agoMs });

test("ExchangeList: newest first, however they come", () => {
  const list = new ExchangeList();
  const [old, middle, fresh] = [at(3_000), at(2_000), at(1_000)];
  list.put(middle);
  list.take({ type: "exchange.added", exchange: fresh });
  list.putPage([middle, old]);
  assert.deepEqual(list.all.map(({ id }) => id), [fresh.id, middle.id, old.id]);
  assert.equal(list.size, 3);
});

test("ExchangeList: what an event said is not undone by an older page", () => {
  const list = new ExchangeList();
  const exchange = at(0);
  list.take({ type: "exchange.updated", exchange: { ...exchange, status: 500 } });
  list.putPage([exchange]);
  assert.equal(list.get(exchange.id)!.status, 500);
});

test("ExchangeList: the same array until something changes", () => {
  const list = new ExchangeList();
  list.put(at(0));
  const { all } = list;
  assert.equal(list.all, all);
  list.take({ type: "exchange.evicted", id: "unknown" });
  assert.equal(list.all, all);
  list.take({ type: "exchange.evicted", id: all[0].id });
  assert.deepEqual(list.all, []);
  list.put(at(0));
  list.take({ type: "exchange.cleared" });
  assert.equal(list.size, 0);
});

test("ExchangeList: ten thousand are put in order in a moment", () => {
  const list = new ExchangeList();
  const one = at(0);
  for (let count = 0; count < 10_000; count++) list.put({ ...one, id: `airt_${count}` });
  assert.equal(list.all.length, 10_000);
  assert.equal(list.all[0].id, "airt_9999");
});
