import assert from "node:assert/strict";
import { EVENT_TYPES, formatTime, makeEvent, record } from "../../../lib/api/events.ts";
import { IdMaker } from "../../../lib/api/ids.ts";
import type { ApiContext } from "../../../lib/api/resource.ts";
import { test } from "../../harness.ts";
import { withApi } from "./kit.ts";

test("EVENT_TYPES are the 55 of the specification", () => {
  assert.equal(new Set(EVENT_TYPES).size, 55);
  for (const type of EVENT_TYPES) assert.match(type, /^[a-z_]+\.v0$/);
});

test("makeEvent() has the form of ngrok's log exports", async () => {
  await withApi((stage) => {
    const api = { ids: new IdMaker(stage.clock) } as ApiContext;
    const principal = { accountId: "ac_1", id: "usr_1", subject: "owner", keyId: "ak_1" };
    const uri = (path: string) => `https://api.example.net${path}`;
    const nowMs = stage.clock.now();
    const facts = { type: "domain_created.v0", object: { id: "rd_1" }, principal, nowMs, uri };
    const event = makeEvent(api, facts);
    assert.match(event.event_id, /^ev_[0-9A-Za-z]{27}$/);
    assert.deepEqual({ ...event, event_id: "" }, {
      event_id: "",
      event_type: "domain_created.v0",
      event_timestamp: "2026-09-21T14:13:20Z",
      account_id: "ac_1",
      object: { id: "rd_1" },
      principal: {
        id: "usr_1",
        subject: "owner",
        source: "API",
        credential: { id: "ak_1", uri: "https://api.example.net/api_keys/ak_1" },
      },
    });
    return Promise.resolve();
  });
});

test("record() keeps the trail near its length", async () => {
  await withApi(async ({ store, clock, caller }) => {
    const api = { ids: new IdMaker(clock) } as ApiContext;
    const { accountId } = caller;
    const principal = { accountId, id: "usr_1", subject: "owner", keyId: "ak_1" };
    for (let i = 0; i < 600; i++) {
      const facts = {
        type: "x.v0",
        object: { i },
        principal,
        nowMs: 1,
        uri: (path: string) => path,
      };
      await record(store, makeEvent(api, facts), 1, 10);
    }
    const count = await store.audit_events.count(accountId);
    // An id ends in 0 once in 62 times: 600 without would be a wonder (1 in 17,000).
    assert.ok(count >= 10 && count < 600, String(count));
    const [newest] = await store.audit_events.list(accountId, { limit: 1 });
    assert.deepEqual(newest.object, { i: 599 });
  });
});

test("formatTime() writes whole seconds in UTC", () => {
  assert.equal(formatTime(1_790_000_000_999), "2026-09-21T14:13:20Z");
});
