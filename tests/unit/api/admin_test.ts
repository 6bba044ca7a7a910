/** @module */
import assert from "node:assert/strict";
import { type AdminEdge, adminRoutes, type LiveAnswer } from "../../../lib/api/admin.ts";
import { ADMIN_ASSETS } from "../../../lib/api/admin_assets.gen.ts";
import { PAGE_POLICY } from "../../../lib/api/page.ts";
import { problem } from "../../../lib/api/problem.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { VERSION } from "../../../lib/base/version.ts";
import type { EndpointInfo, SessionInfo } from "../../../lib/edge/info.ts";
import type { Live } from "../../../lib/ui/admin/model.ts";
import { test } from "../../harness.ts";

const KSUID = "2PqfFEAkyjvOBsz2v1OV3fSeVZ7";

function endpoint(facts: Partial<EndpointInfo>): EndpointInfo {
  return {
    id: "bind-1",
    ksuid: KSUID,
    accountId: "ac_1",
    traffic: { requests: 3, open: 1, inBytes: 40, outBytes: 500 },
    ...facts,
  } as EndpointInfo;
}

function session(facts: Partial<SessionInfo>): SessionInfo {
  return {
    id: "ts_1",
    accountId: "ac_1",
    latencyMs: 12,
    openStreams: 2,
    endpointIds: ["bind-1"],
    ...facts,
  } as SessionInfo;
}

function stage(edge: Partial<AdminEdge> = {}) {
  const clock = new FakeClock(5_000);
  const app = adminRoutes({
    clock,
    edge: {
      domain: "t.example",
      connectAddress: "connect.t.example:443",
      caPem: "PEM",
      endpoints: () => [endpoint({}), endpoint({ id: "bind-2", accountId: "ac_2" })],
      sessions: () => [session({}), session({ id: "ts_2", accountId: "ac_2" })],
      ...edge,
    },
    authenticate(request) {
      const header = request.headers.get("authorization");
      if (header === "Bearer slow") return Promise.reject(problem(226, "Too many", 7));
      if (header !== "Bearer key") return Promise.reject(problem(203, "Nobody has that key"));
      return Promise.resolve({ accountId: "ac_1" });
    },
  });
  const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    app.fetch(new Request(`http://api.t.example${path}`, { method, headers }));
  return { app, ask, clock };
}

test("adminRoutes() gives browsers the page at the root, and leaves programs to the API", async () => {
  const { app, ask } = stage();
  app.notFound((context) => context.json({ api: true }));
  const page = await ask("/", { accept: "text/html" });
  assert.equal(page.headers.get("content-security-policy"), PAGE_POLICY);
  assert.equal(await page.text(), ADMIN_ASSETS.page);
  for (const [path, accept] of [["/", "application/json"], ["/endpoints", "text/html"]]) {
    assert.deepEqual(await (await ask(path, { accept })).json(), { api: true }, path);
  }
});

test("adminRoutes() serves every file the page names, and no other", async () => {
  const { ask } = stage();
  const named = [...ADMIN_ASSETS.page.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path]) => path);
  assert.equal(named.length, 3);
  for (const path of named) {
    const response = await ask(path);
    assert.equal(response.status, 200, path);
    assert.ok((await response.text()).length > 100);
  }
  const missing = await ask("/_sallyport/assets/admin.js");
  assert.equal(missing.status, 404);
  await missing.body?.cancel();
});

test("adminRoutes() says what moves, of the account that asks and no other", async () => {
  const { ask, clock } = stage();
  await clock.advance(2_000);
  const response = await ask("/_sallyport/live", { authorization: "Bearer key" });
  assert.equal(response.headers.get("cache-control"), "no-store");
  const answer: LiveAnswer = await response.json();
  // What the server writes is what the page reads.
  const read: Live = answer;
  assert.deepEqual(read, {
    at_ms: 7_000,
    edge: {
      domain: "t.example",
      version: VERSION,
      started_at_ms: 5_000,
      connect_address: "connect.t.example:443",
      has_ca: true,
    },
    endpoints: [{ id: `ep_${KSUID}`, requests: 3, open: 1, in_bytes: 40, out_bytes: 500 }],
    sessions: [{ id: "ts_1", latency_ms: 12, open: 2, endpoint_ids: [`ep_${KSUID}`] }],
  });
});

test("adminRoutes() keeps what moves from whoever has no key, with the API's own error", async () => {
  const { ask } = stage();
  const response = await ask("/_sallyport/live", { authorization: "Bearer no" });
  assert.equal(response.status, 401);
  const body = await response.json();
  assert.equal(body.error_code, "ERR_NGROK_203");
  assert.match(body.details.operation_id, /^op_/);
  const slow = await ask("/_sallyport/live", { authorization: "Bearer slow" });
  assert.equal(slow.status, 429);
  assert.equal(slow.headers.get("retry-after"), "7");
  await slow.body?.cancel();
});

test("adminRoutes() hands out the authority's certificate, when there is one", async () => {
  const response = await stage().ask("/_sallyport/ca.pem");
  assert.equal(await response.text(), "PEM");
  assert.match(response.headers.get("content-disposition")!, /attachment; filename="[\w-]+\.pem"/);
  const none = stage({ caPem: undefined, connectAddress: undefined });
  assert.equal((await none.ask("/_sallyport/ca.pem")).status, 404);
  const live = await none.ask("/_sallyport/live", { authorization: "Bearer key" });
  const { edge }: LiveAnswer = await live.json();
  assert.deepEqual([edge.has_ca, edge.connect_address], [false, null]);
});
