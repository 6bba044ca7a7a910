import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { BASE, withApi } from "../kit.ts";
import { assertRefused } from "./journey.ts";

const type = "http_request_complete.v0";
const other = "domain_deleted.v0";

test("event_sources: added, read, listed, changed, taken away", async () => {
  await withApi(async ({ caller, events, changes, store }) => {
    const { id } = await caller.make("/event_subscriptions", { sources: [{ type: other }] });
    const path = `/event_subscriptions/${id}/sources`;
    const uri = `${BASE}${path}/${type}`;
    // The official client repeats the parameters of the path in bodies.
    const made = await caller.make(path, { type, subscription_id: id });
    assert.deepEqual(made, { type, uri });
    assert.deepEqual((await caller.get(path)).body, {
      sources: [{ type: other, uri: `${BASE}${path}/${other}` }, { type, uri }],
      uri: `${BASE}${path}`,
    });
    assert.deepEqual((await caller.get(`${path}/${type}`)).body, made);
    const body = { filter: "true", subscription_id: id, type };
    const changed = await caller.patch(`${path}/${type}`, body);
    assert.deepEqual(changed.body, { type, filter: "true", uri });
    assert.deepEqual((await caller.patch(`${path}/${type}`, {})).body, changed.body);
    assert.equal((await caller.delete(`${path}/${other}`)).status, 204);
    const row = await store.event_subscriptions.get(caller.accountId, id);
    assert.deepEqual(row?.sources, [{ type, filter: "true" }]);
    const updates = events.filter(({ event_type: one }) => one === "event_subscription_updated.v0");
    assert.equal(updates.length, 4);
    assert.equal(changes.filter(({ verb }) => verb === "updated").length, 4);
  });
});

test("event_sources: refuses what it must, with its numbers", async () => {
  await withApi(async ({ caller, stranger }) => {
    const { id } = await caller.make("/event_subscriptions", { sources: [{ type }] });
    const path = `/event_subscriptions/${id}/sources`;
    await assertRefused(caller, [
      ["no such type", "POST", path, { type: "moon_created.v0" }, 238, 400],
      ["there already", "POST", path, { type }, 5127, 409],
      ["not there", "GET", `${path}/${other}`, undefined, 5125, 404],
      ["not there", "PATCH", `${path}/${other}`, {}, 5125, 404],
      ["not there", "DELETE", `${path}/${other}`, undefined, 5125, 404],
      ["no type at all", "GET", `${path}/x`, undefined, undefined, 404],
      ["another subscription", "POST", path, { type: other, subscription_id: "esb_1" }, 215, 400],
      ["another type", "PATCH", `${path}/${type}`, { type: other }, 215, 400],
      ["no subscription", "GET", "/event_subscriptions/esb_1/sources", undefined, undefined, 404],
      ["no id", "GET", "/event_subscriptions/x/sources", undefined, 227, 400],
      ["pages", "GET", `${path}?limit=1`, undefined, 231, 400],
    ]);
    const others = await stranger();
    await assertRefused(others, [
      ["another's", "GET", path, undefined, undefined, 404],
      ["another's", "POST", path, { type: other }, undefined, 404],
      ["another's", "DELETE", `${path}/${type}`, undefined, undefined, 404],
    ]);
  });
});
