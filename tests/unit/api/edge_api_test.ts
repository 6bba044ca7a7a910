import assert from "node:assert/strict";
import { VERSION } from "../../../lib/base/version.ts";
import { test } from "../../harness.ts";
import { assertProblem, BASE, withApi } from "./kit.ts";

test("createEdgeApi() wants the version of the API", async () => {
  await withApi(async ({ caller }) => {
    for (const version of ["1", "2.0", "two", "3"]) {
      const reply = await caller.send("GET", "/self", undefined, { "ngrok-version": version });
      assertProblem(reply, 217, 400);
    }
    assertProblem(await caller.send("GET", "/self", undefined, { "ngrok-version": "" }), 217, 400);
  });
  await withApi(async ({ raw, caller }) => {
    const headers = { authorization: `Bearer ${caller.key}` };
    assertProblem(await raw(new Request(`${BASE}/self`, { headers })), 218, 400);
    // Who asks comes first: a stranger learns nothing.
    assertProblem(await raw(new Request(`${BASE}/self`)), 200, 401);
  });
});

test("createEdgeApi() knows unknown paths from wrong methods", async () => {
  await withApi(async ({ caller, raw }) => {
    const unknown = ["/nope", "/endpoints/", "/endpoints/ep_1/x", "/Endpoints", "/edges/https"];
    for (const path of unknown) {
      const reply = await caller.get(path);
      assertProblem(reply, undefined, 404);
      assert.equal(reply.body.msg, "Resource not found");
    }
    const cases = [
      ["PUT", "/endpoints", "GET, HEAD, POST"],
      ["DELETE", "/endpoints", "GET, HEAD, POST"],
      ["POST", "/endpoints/ep_1", "GET, HEAD, PATCH, DELETE"],
      ["PATCH", "/self", "GET, HEAD"],
      ["GET", "/tunnel_sessions/ts_1/stop", "POST"],
      ["OPTIONS", "/endpoints", "GET, HEAD, POST"],
    ];
    for (const [method, path, allow] of cases) {
      const reply = await caller.send(method, path);
      assertProblem(reply, undefined, 405);
      assert.equal(reply.headers.get("allow"), allow);
    }
    assertProblem(await raw(new Request(`${BASE}/nope`)), 200, 401);
  });
});

test("createEdgeApi() answers HEAD like GET, without the body", async () => {
  await withApi(async ({ caller }) => {
    const reply = await caller.send("HEAD", "/endpoints");
    assert.deepEqual([reply.status, reply.body], [200, undefined]);
    assert.equal((await caller.send("HEAD", "/endpoints/ep_1")).status, 404);
  });
});

test("createEdgeApi() answers 204, or to the official TypeScript client an empty object", async () => {
  await withApi(async ({ caller }) => {
    const userAgent = { "user-agent": "ngrok-api-typescript/0.10.0/v20" };
    const one = await caller.make("/ip_policies", {});
    const reply = await caller.send("DELETE", `/ip_policies/${one.id}`, undefined, userAgent);
    assert.deepEqual([reply.status, reply.body], [200, {}]);
    const other = await caller.make("/ip_policies", {});
    const plain = await caller.delete(`/ip_policies/${other.id}`);
    assert.deepEqual([plain.status, plain.body], [204, undefined]);
  });
});

test("createEdgeApi() limits the requests of a key, and says when to come again", async () => {
  await withApi(async ({ caller, withKey, clock }) => {
    const second = await withKey();
    for (let i = 0; i < 3; i++) assert.equal((await caller.get("/self")).status, 200);
    await clock.advance(20_000);
    const reply = await caller.get("/self");
    assertProblem(reply, 226, 429);
    assert.equal(reply.headers.get("retry-after"), "40");
    assert.equal((await second.get("/self")).status, 200);
    await clock.advance(40_000);
    assert.equal((await caller.get("/self")).status, 200);
  }, { limits: { rateLimit: 3 } });
  await withApi(async ({ caller }) => {
    const replies = await Promise.all(Array.from({ length: 121 }, () => caller.get("/")));
    assert.equal(replies.filter(({ status }) => status === 429).length, 1);
  }, { limits: { rateLimit: 120, maxConcurrent: 200 } });
});

test("createEdgeApi() limits the requests of an account that are under way", async () => {
  await withApi(async ({ caller, withKey, stranger, live }) => {
    const second = await withKey();
    const other = await stranger();
    let release = () => {};
    const waiting = new Promise<void>((resolve) => release = resolve);
    live.all.sessions.push({ id: "ts_1", accountId: caller.accountId } as never);
    Object.assign(live, { commandSession: () => waiting });
    const pending = caller.post("/tunnel_sessions/ts_1/stop", {}).catch(() => undefined);
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    const reply = await second.get("/self");
    assertProblem(reply, 225, 429);
    assert.equal(reply.headers.get("retry-after"), "1");
    assert.equal((await other.get("/self")).status, 200);
    release();
    await pending;
    assert.equal((await second.get("/self")).status, 200);
  }, { limits: { maxConcurrent: 1 } });
});

test("createEdgeApi() lets pages of other origins in", async () => {
  await withApi(async ({ api, caller }) => {
    const origin = { origin: "https://page.example" };
    const asked = { ...origin, "access-control-request-method": "GET" };
    const preflight = await api.fetch(
      fake("OPTIONS", "/endpoints", { ...asked, "access-control-request-headers": "x-a" }),
      { remoteIp: "192.0.2.1" },
    );
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get("access-control-allow-origin"), "https://page.example");
    assert.equal(preflight.headers.get("access-control-allow-headers"), "x-a");
    for (const key of [caller.key, "wrong"]) {
      const headers = { ...origin, "authorization": `Bearer ${key}`, "ngrok-version": "2" };
      const reply = await api.fetch(fake("GET", "/self", headers), { remoteIp: "192.0.2.1" });
      assert.equal(reply.headers.get("access-control-allow-origin"), "https://page.example");
      assert.equal(reply.headers.get("cache-control"), "no-store");
      assert.equal(reply.headers.get("content-type"), "application/json");
      await reply.body?.cancel();
    }
  });
});

/** Runtimes keep programs from setting Origin on a Request, but not from having received one. */
function fake(method: string, path: string, headers: Record<string, string>): Request {
  const request = new Request(`${BASE}${path}`, { method });
  Object.defineProperty(request, "headers", { value: new Headers(headers) });
  return request;
}

test("createEdgeApi() tells the caller nothing of an accident, and the log everything", async () => {
  await withApi(async ({ caller, live, log }) => {
    Object.assign(live, {
      endpoints: () => {
        throw new Error("disk on fire at /secret/place");
      },
    });
    const reply = await caller.get("/endpoints");
    assertProblem(reply, 741, 500);
    assert.ok(!JSON.stringify(reply.body).includes("secret"));
    const line = log.find(({ message }) => message === "API request failed")!;
    assert.equal(line.fields.operation, reply.body.details.operation_id);
    assert.match(String(line.fields.err), /disk on fire/);
  });
});

test("createEdgeApi() logs each request under its operation, and no secret with it", async () => {
  await withApi(async ({ caller, log }) => {
    const made = await caller.make("/credentials", {});
    const paths = [
      `/credentials/${made.id}`,
      `/credentials/${made.token}`,
      `/credentials/${caller.key}?filter=${made.token}`,
      `/nope/${made.token.split("_")[1]}`,
    ];
    for (const path of paths) await caller.get(path);
    const lines = log.filter(({ message }) => message === "API request");
    assert.deepEqual(lines.slice(1).map(({ fields }) => [fields.path, fields.status]), [
      [`/credentials/${made.id}`, 200],
      ["/credentials/…", 400],
      ["/credentials/…", 400],
      ["/nope/…", 404],
    ]);
    for (const { fields } of lines) {
      assert.match(String(fields.operation), /^op_/);
      assert.equal(fields.key, caller.keyId);
    }
    const text = JSON.stringify(log);
    assert.ok(!text.includes(made.token.split("_")[1]) && !text.includes(caller.key));
  });
});

test("createEdgeApi() writes the use of a key into the audit trail, now and then", async () => {
  await withApi(async ({ caller, raw, clock, events, store }) => {
    const uses = () => events.filter(({ event_type: type }) => type === "api_key_used.v0");
    for (let i = 0; i < 3; i++) await caller.get("/self");
    assert.equal(uses().length, 1);
    assert.deepEqual(
      [uses()[0].object.id, uses()[0].object.remote_ip, uses()[0].object.token],
      [caller.keyId, "192.0.2.1", null],
    );
    const headers = { authorization: `Bearer ${caller.key}`, "ngrok-version": "2" };
    await raw(new Request(`${BASE}/self`, { headers }), "198.51.100.1");
    assert.equal(uses().length, 2);
    await clock.advance(3_600_000);
    await caller.get("/self");
    assert.equal(uses().length, 3);
    const kept = await store.audit_events.list(caller.accountId);
    assert.equal(kept.filter(({ type }) => type === "api_key_used.v0").length, 3);
  });
});

test("createEdgeApi() serves its OpenAPI document to anybody", async () => {
  await withApi(async ({ raw }) => {
    const { status, body } = await raw(new Request(`${BASE}/openapi.json`));
    assert.equal(status, 200);
    assert.deepEqual([body.openapi, body.info.version], ["3.1.0", VERSION]);
    assert.deepEqual(body.servers, [{ url: BASE }]);
  });
});

test("createEdgeApi() keeps what it acknowledged when a listener throws", async () => {
  await withApi(async ({ caller, log }) => {
    const made = await caller.make("/ip_policies", {});
    assert.equal((await caller.get(`/ip_policies/${made.id}`)).status, 200);
    assert.ok(log.some(({ message }) => message === "onChanged of the API failed"));
    assert.ok(log.some(({ message }) => message === "onEvent of the API failed"));
  }, {
    deps: {
      onChanged: () => {
        throw new Error("no");
      },
      onEvent: () => {
        throw new Error("no");
      },
    },
  });
});
