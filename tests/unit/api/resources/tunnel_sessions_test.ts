import assert from "node:assert/strict";
import { TunnelError } from "../../../../lib/base/errors.ts";
import { test } from "../../../harness.ts";
import { assertProblem, BASE, liveSession, withApi } from "../kit.ts";
import { assertFits, assertRefused } from "./journey.ts";

const path = "/tunnel_sessions";

test("tunnel_sessions: show the agents that are connected", async () => {
  await withApi(async ({ caller, live, stranger }) => {
    const session = liveSession(caller.accountId, { metadata: "m" });
    live.all.sessions.push(session, liveSession((await stranger()).accountId));
    const shown = (await caller.get(`${path}/${session.id}`)).body;
    assert.deepEqual(shown, {
      id: session.id,
      uri: `${BASE}${path}/${session.id}`,
      started_at: "2026-09-21T14:13:20Z",
      agent_version: "3.20.0",
      credential: {
        id: session.credentialId,
        uri: `${BASE}/credentials/${session.credentialId}`,
      },
      ip: "192.0.2.77",
      metadata: "m",
      os: "linux",
      region: "",
      transport: "ngrok/3",
    });
    assertFits("tunnel_sessions", shown);
    assert.deepEqual((await caller.get(path)).body.tunnel_sessions, [shown]);
  });
});

test("tunnel_sessions: can be filtered by every field of the documentation", async () => {
  await withApi(async ({ caller, live }) => {
    const session = liveSession(caller.accountId);
    live.all.sessions.push(session);
    const filters = [
      `obj.id == "${session.id}"`,
      `obj.credential == "${session.credentialId}"`,
      'obj.agent_version.startsWith("3.")',
      'obj.ip == "192.0.2.77"',
      'obj.os in ["linux", "darwin"]',
      'obj.region == ""',
      "obj.metadata == null",
      'obj.started_at < timestamp(time.now).add("1s")',
    ];
    for (const filter of filters) {
      const { body } = await caller.get(`${path}?filter=${encodeURIComponent(filter)}`);
      assert.equal(body.tunnel_sessions?.length, 1, `${filter}: ${JSON.stringify(body)}`);
    }
  });
});

test("tunnel_sessions: stop, restart and update reach the agent, and the audit trail", async () => {
  await withApi(async ({ caller, live, events }) => {
    const session = liveSession(caller.accountId);
    live.all.sessions.push(session);
    const one = `${path}/${session.id}`;
    assert.equal((await caller.post(`${one}/stop`, {})).status, 204);
    assert.equal((await caller.send("POST", `${one}/stop`)).status, 204);
    // The official client sends the id as it is, which is no JSON.
    assert.equal((await caller.send("POST", `${one}/restart`, session.id)).status, 204);
    assert.equal((await caller.post(`${one}/restart`, { id: session.id })).status, 204);
    assert.equal((await caller.post(`${one}/update`, { id: session.id })).status, 204);
    assert.equal((await caller.post(`${one}/update`, { version: "3.21.0" })).status, 204);
    const { id } = session;
    assert.deepEqual(live.commands, [
      `stop ${id}`,
      `stop ${id}`,
      `restart ${id}`,
      `restart ${id}`,
      `update ${id}`,
      `update ${id} 3.21.0`,
    ]);
    const types = events.filter(({ object }) => object.id === id)
      .map(({ event_type: type }) => type);
    assert.deepEqual([...new Set(types)], [
      "agent_session_stop_requested.v0",
      "agent_session_restart_requested.v0",
      "agent_session_update_requested.v0",
    ]);
  });
});

test("tunnel_sessions: what the agent says comes back with its number", async () => {
  await withApi(async ({ caller, live, events }) => {
    const session = liveSession(caller.accountId);
    live.all.sessions.push(session);
    const statuses = { 804: 409, 805: 409, 806: 409, 807: 502, 808: 502, 809: 502, 810: 504 };
    for (const [code, status] of Object.entries(statuses)) {
      live.fail = new TunnelError("refused", "Cannot: no", { ngrokCode: Number(code) });
      const reply = await caller.post(`${path}/${session.id}/stop`, {});
      assertProblem(reply, Number(code), status);
    }
    live.fail = new TunnelError("not_found", "gone in the meantime");
    assertProblem(await caller.post(`${path}/${session.id}/stop`, {}), undefined, 404);
    assert.equal(live.commands.length, 8);
    const types = events.map(({ event_type: type }) => type);
    assert.ok(!types.includes("agent_session_stop_requested.v0"));
  });
});

test("tunnel_sessions: nobody commands another's agent", async () => {
  await withApi(async ({ caller, live, stranger }) => {
    const session = liveSession(caller.accountId);
    live.all.sessions.push(session);
    const other = await stranger();
    for (const verb of ["stop", "restart", "update"]) {
      assertProblem(await other.post(`${path}/${session.id}/${verb}`, {}), undefined, 404);
    }
    assert.deepEqual(live.commands, []);
    await assertRefused(caller, [
      ["unknown field", "POST", `${path}/${session.id}/stop`, { now: true }, 214, 400],
      ["another id", "POST", `${path}/${session.id}/stop`, { id: "ts_1" }, 215, 400],
      ["no id", "POST", `${path}/x/stop`, {}, 227, 400],
      ["reading", "GET", `${path}/${session.id}/stop`, undefined, undefined, 405],
    ]);
    assert.deepEqual(live.commands, []);
  });
});
