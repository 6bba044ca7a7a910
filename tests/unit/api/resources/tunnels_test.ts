import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { BASE, DOMAIN, liveEndpoint, withApi } from "../kit.ts";
import { assertFits, assertRefused } from "./journey.ts";

test("tunnels: show what agents serve, under the key of the endpoint", async () => {
  await withApi(async ({ caller, live, stranger }) => {
    const online = liveEndpoint(caller.accountId, { sessionIds: ["ts_1"], metadata: "m" });
    live.all.endpoints.push(online);
    const id = `tn_${online.key}`;
    const shown = (await caller.get(`/tunnels/${id}`)).body;
    assert.deepEqual(shown, {
      id,
      uri: `${BASE}/tunnels/${id}`,
      started_at: "2026-09-21T14:13:20Z",
      public_url: `https://calm-otter.${DOMAIN}`,
      proto: "https",
      region: "",
      forwards_to: "http://localhost:8080",
      metadata: "m",
      tunnel_session: { id: "ts_1", uri: `${BASE}/tunnel_sessions/ts_1` },
      endpoint: { id: `ep_${online.key}`, uri: `${BASE}/endpoints/ep_${online.key}` },
    });
    assertFits("tunnels", shown);
    assert.deepEqual((await caller.get("/tunnels")).body, {
      tunnels: [shown],
      uri: `${BASE}/tunnels`,
      next_page_uri: null,
    });
    await assertRefused(caller, [
      ["the other prefix", "GET", `/tunnels/ep_${online.key}`, undefined, 227, 400],
      ["a filter", "GET", "/tunnels?filter=true", undefined, 231, 400],
      ["creation", "POST", "/tunnels", {}, undefined, 405],
    ]);
    const other = await stranger();
    await assertRefused(other, [["another's", "GET", `/tunnels/${id}`, undefined, undefined, 404]]);
    assert.deepEqual((await other.get("/tunnels")).body.tunnels, []);
  });
});

test("tunnels: one with labels has them in place of an address, and nothing leads to it", async () => {
  await withApi(async ({ caller, live, stranger }) => {
    const { key, startedAtMs } = liveEndpoint(caller.accountId);
    const { accountId } = caller;
    const labels = { app: "shop" };
    const more = { forwardsTo: "localhost:80", metadata: "", region: "" };
    live.all.labeled.push({ key, accountId, sessionId: "ts_1", labels, startedAtMs, ...more });
    const id = `tn_${key}`;
    const shown = (await caller.get(`/tunnels/${id}`)).body;
    assert.deepEqual(shown, {
      id,
      uri: `${BASE}/tunnels/${id}`,
      started_at: "2026-09-21T14:13:20Z",
      proto: "",
      region: "",
      forwards_to: "localhost:80",
      tunnel_session: { id: "ts_1", uri: `${BASE}/tunnel_sessions/ts_1` },
      endpoint: null,
      labels,
      backends: [],
    });
    assertFits("tunnels", shown);
    assert.deepEqual((await caller.get("/tunnels")).body.tunnels, [shown]);
    assert.deepEqual((await (await stranger()).get("/tunnels")).body.tunnels, []);
  });
});
