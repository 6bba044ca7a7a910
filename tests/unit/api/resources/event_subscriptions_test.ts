import assert from "node:assert/strict";
import { newId } from "../../../../lib/base/ids.ts";
import { test } from "../../../harness.ts";
import { BASE, withApi } from "../kit.ts";
import { assertRefused, journey } from "./journey.ts";

const path = "/event_subscriptions";

test("event_subscriptions: created, read, listed, changed, deleted", async () => {
  await withApi(async (stage) => {
    const { id } = await stage.caller.make("/event_destinations", { target: { stdout: {} } });
    await journey(stage, {
      path,
      prefix: "esb",
      event: "event_subscription",
      create: { sources: [{ type: "domain_created.v0" }], description: "d" },
      created: { destinations: [], description: "d" },
      update: { sources: [], destination_ids: [id, id] },
      updated: {
        sources: [],
        destinations: [{ id, uri: `${BASE}/event_destinations/${id}` }],
      },
    });
  });
});

test("event_subscriptions: sources have addresses, fields and filters", async () => {
  await withApi(async ({ caller }) => {
    const source = { type: "http_request_complete.v0", fields: ["http"], filter: "true" };
    const made = await caller.make(path, { sources: [source] });
    const uri = `${BASE}${path}/${made.id}/sources/${source.type}`;
    assert.deepEqual(made.sources, [{ ...source, uri }]);
  });
});

test("event_subscriptions: refuses what it must, with its numbers", async () => {
  await withApi(async ({ caller, stranger }) => {
    const theirs = await (await stranger())
      .make("/event_destinations", { target: { stdout: {} } });
    const sources = [{ type: "domain_created.v0" }, { type: "domain_created.v0" }];
    const missing = newId("ed", 1);
    await assertRefused(caller, [
      ["no such type", "POST", path, { sources: [{ type: "moon_created.v0" }] }, 238, 400],
      ["no type", "POST", path, { sources: [{}] }, 215, 400],
      ["unknown field", "POST", path, { sources: [{ type: "x", x: 1 }] }, 214, 400],
      ["twice", "POST", path, { sources }, 5127, 409],
      ["not there", "POST", path, { destination_ids: [missing] }, 5103, 404],
      ["another's", "POST", path, { destination_ids: [theirs.id] }, 5103, 404],
    ]);
  });
  await withApi(async ({ caller }) => {
    const target = { stdout: {} };
    const ids = [];
    for (let i = 0; i < 2; i++) ids.push((await caller.make("/event_destinations", { target })).id);
    const body = { destination_ids: ids };
    await assertRefused(caller, [["too many", "POST", path, body, 5126, 400]]);
  }, { limits: { maxRules: 1 } });
  await withApi(async ({ caller }) => {
    await caller.make(path, {});
    await assertRefused(caller, [["one too many", "POST", path, {}, 5131, 400]]);
  }, { limits: { maxObjects: 1 } });
});
