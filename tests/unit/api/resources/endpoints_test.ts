import assert from "node:assert/strict";
import { newId } from "../../../../lib/base/ids.ts";
import { test } from "../../../harness.ts";
import { BASE, DOMAIN, liveEndpoint, liveSession, withApi } from "../kit.ts";
import { assertFits, assertRefused, journey, longTexts } from "./journey.ts";

const path = "/endpoints";
const traffic_policy = '{ "on_http_request": [] }';
const url = "https://orders.shop.internal:8443";

test("endpoints: cloud endpoints are created, read, listed, changed, deleted", async () => {
  await withApi(async (stage) => {
    const domain = await stage.caller.make("/reserved_domains", { domain: "shop.example.com" });
    await journey(stage, {
      path,
      prefix: "ep",
      event: "endpoint",
      create: { url: "https://Shop.example.com:443", traffic_policy, metadata: "m" },
      created: {
        url: "https://shop.example.com",
        public_url: "https://shop.example.com",
        hostport: "shop.example.com:443",
        host: "shop.example.com",
        port: 443,
        proto: "https",
        scheme: "https",
        type: "cloud",
        bindings: ["public"],
        pooling_enabled: false,
        traffic_policy: '{"on_http_request":[]}',
        domain: { id: domain.id, uri: `${BASE}/reserved_domains/${domain.id}` },
        tunnel: undefined,
      },
      update: { pooling_enabled: true, traffic_policy: "on_http_request: []\n" },
      updated: { pooling_enabled: true, traffic_policy: "on_http_request: []\n", metadata: "m" },
    });
  });
});

test("endpoints: what agents serve is shown, not changed", async () => {
  await withApi(async ({ caller, live, stranger }) => {
    const token = await caller.make("/credentials", {});
    const session = liveSession(caller.accountId, { credentialId: token.id });
    const online = liveEndpoint(caller.accountId, {
      credentialId: token.id,
      sessionIds: [session.id],
      name: "web",
      trafficPolicy: "x",
    });
    live.all.sessions.push(session);
    live.all.endpoints.push(online);
    const id = `ep_${online.key}`;
    const shown = (await caller.get(`${path}/${id}`)).body;
    assert.deepEqual(shown, {
      id,
      uri: `${BASE}${path}/${id}`,
      created_at: "2026-09-21T14:13:20Z",
      updated_at: "2026-09-21T14:13:20Z",
      name: "web",
      traffic_policy: "x",
      upstream_protocol: "http1",
      url: `https://calm-otter.${DOMAIN}`,
      public_url: `https://calm-otter.${DOMAIN}`,
      proto: "https",
      scheme: "https",
      host: `calm-otter.${DOMAIN}`,
      port: 443,
      hostport: `calm-otter.${DOMAIN}:443`,
      type: "ephemeral",
      bindings: ["public"],
      pooling_enabled: false,
      tunnel: { id: `tn_${online.key}`, uri: `${BASE}/tunnels/tn_${online.key}` },
      tunnel_session: { id: session.id, uri: `${BASE}/tunnel_sessions/${session.id}` },
      principal: { id: `usr_${caller.accountId.slice(3)}`, uri: "" },
      upstream_url: "http://localhost:8080",
    });
    assertFits("endpoints", shown);
    assert.deepEqual((await caller.get(path)).body.endpoints, [shown]);
    await assertRefused(caller, [
      ["change", "PATCH", `${path}/${id}`, { description: "d" }, 248, 400],
      ["delete", "DELETE", `${path}/${id}`, undefined, 248, 400],
      ["its address", "POST", path, { url: shown.url, traffic_policy }, 18006, 400],
    ]);
    await caller.make("/reserved_domains", { domain: `calm-otter.${DOMAIN}` });
    const body = { url: shown.url, traffic_policy };
    await assertRefused(caller, [["online", "POST", path, body, 334, 409]]);
    const other = await stranger();
    await assertRefused(other, [["another's", "GET", `${path}/${id}`, undefined, undefined, 404]]);
    assert.deepEqual((await other.get(path)).body.endpoints, []);
  });
});

test("endpoints: both kinds are in one list, newest first, in pages and filtered", async () => {
  await withApi(async ({ caller, live, clock }) => {
    const expected: string[] = [];
    for (let i = 0; i < 6; i++) {
      await clock.advance(1_000);
      if (i % 2 === 0) {
        const made = await caller.make(path, { url: `https://n${i}.internal`, traffic_policy });
        expected.unshift(made.id);
      } else {
        const online = liveEndpoint(caller.accountId, {
          startedAtMs: clock.now(),
          url: `http://n${i}.${DOMAIN}`,
        });
        live.all.endpoints.push(online);
        expected.unshift(`ep_${online.key}`);
      }
    }
    const ids: string[] = [];
    let next: string | null = `${path}?limit=2`;
    while (next) {
      const { body }: { body: { endpoints: { id: string }[]; next_page_uri: string | null } } =
        await caller.get(next);
      ids.push(...body.endpoints.map(({ id }) => id));
      next = body.next_page_uri;
    }
    assert.deepEqual(ids, expected);
    const found = async (filter: string) =>
      (await caller.get(`${path}?filter=${encodeURIComponent(filter)}`)).body.endpoints
        .map(({ id }: { id: string }) => expected.indexOf(id));
    assert.deepEqual(await found('obj.type == "cloud"'), [1, 3, 5]);
    assert.deepEqual(await found('obj.type == "agent"'), [0, 2, 4]);
    assert.deepEqual(await found('obj.type in ["agent", "edge"]'), [0, 2, 4]);
    assert.deepEqual(await found('obj.binding == "internal"'), [1, 3, 5]);
    assert.deepEqual(
      await found('"internal" in obj.bindings || obj.scheme == "http"').then((all) => all.length),
      6,
    );
    assert.deepEqual(await found("obj.pooling_enabled"), []);
    assert.deepEqual(await found('obj.url.contains("n4")'), [1]);
  });
});

test("endpoints: addresses stand on reservations", async () => {
  await withApi(async ({ caller, stranger }) => {
    const make = (url: string) => caller.make(path, { url, traffic_policy });
    const { id } = await caller.make("/reserved_domains", { domain: "*.example.com" });
    const exact = await caller.make("/reserved_domains", { domain: "a.example.com" });
    const { addr, id: addrId } = await caller.make("/reserved_addrs", {});
    assert.equal((await make("https://a.example.com")).domain.id, exact.id);
    assert.equal((await make("https://b.example.com")).domain.id, id);
    assert.equal((await make("tls://*.example.com")).domain.id, id);
    assert.equal((await make(`tcp://${addr}`)).tcp_addr.id, addrId);
    assert.equal((await make("https://x.internal")).domain, undefined);
    const other = await stranger();
    await other.make(path, { url: "https://x.internal", traffic_policy });
    await assertRefused(other, [
      ["another's", "POST", path, { url: "https://b.example.com", traffic_policy }, 18006, 400],
      ["another's", "POST", path, { url: `tcp://${addr}`, traffic_policy }, 18006, 400],
    ]);
    await assertRefused(caller, [
      ["no", "POST", path, { url: "tls://*.a.example.com", traffic_policy }, 18006, 400],
    ]);
  });
});

test("endpoints: an address is shared by those that all want to share it", async () => {
  await withApi(async ({ caller }) => {
    const single = await caller.make(path, { url, traffic_policy });
    await assertRefused(caller, [
      ["taken", "POST", path, { url, traffic_policy }, 18009, 409],
      ["taken", "POST", path, { url, traffic_policy, pooling_enabled: true }, 18016, 409],
    ]);
    await caller.patch(`${path}/${single.id}`, { pooling_enabled: true });
    const second = await caller.make(path, { url, traffic_policy, pooling_enabled: true });
    await assertRefused(caller, [
      ["pooled", "POST", path, { url, traffic_policy }, 18017, 409],
      ["pooled", "PATCH", `${path}/${second.id}`, { pooling_enabled: false }, 18017, 409],
    ]);
    const moved = { url: "https://other.shop.internal" };
    assert.equal((await caller.patch(`${path}/${second.id}`, moved)).status, 200);
  });
});

test("endpoints: refuses what else it must, with its numbers", async () => {
  await withApi(async ({ caller }) => {
    const { id } = await caller.make(path, { url, traffic_policy });
    const body = { url: "https://a.internal", traffic_policy };
    const post = (what: string, more: object, code: number) =>
      [what, "POST", path, { ...body, ...more }, code, 400] as const;
    await assertRefused(caller, [
      post("type", { type: "edge" }, 248),
      post("no URL", { url: undefined }, 18015),
      post("no scheme", { url: "a.internal" }, 249),
      post("a path", { url: "https://a.internal/x" }, 249),
      post("another scheme", { url: "ssh://a.internal" }, 18022),
      post("port of tcp", { url: "tcp://a.internal" }, 18003),
      post("port of https", { url: "https://a.example.com:8443" }, 18023),
      post("no policy", { traffic_policy: undefined }, 18011),
      post("empty policy", { traffic_policy: " \n" }, 18011),
      post("wrong policy", { traffic_policy: '{"a":' }, 18002),
      post("no such binding", { bindings: ["moon"] }, 15005),
      post("twice", { bindings: ["internal", "internal"] }, 15006),
      post("two", { bindings: ["internal", "public"] }, 18007),
      post("public name", { url: "https://a.example.com", bindings: ["internal"] }, 18007),
      post("internal name", { bindings: ["public"] }, 18007),
      post("kubernetes", { bindings: ["kubernetes"] }, 15010),
      ["empty update", "PATCH", `${path}/${id}`, {}, 18004, 400],
      ["scheme", "PATCH", `${path}/${id}`, { url: "http://orders.shop.internal" }, 18005, 400],
      ["type in update", "PATCH", `${path}/${id}`, { type: "cloud" }, 214, 400],
      ["not there", "GET", `${path}/${newId("ep", 1)}`, undefined, undefined, 404],
      ["no id", "GET", `${path}/x`, undefined, 227, 400],
      ...longTexts(path, body, 18012, 18013),
    ]);
  });
  await withApi(async ({ caller }) => {
    await caller.make(path, { url, traffic_policy });
    const body = { url: "https://a.internal", traffic_policy };
    await assertRefused(caller, [["one too many", "POST", path, body, 18010, 400]]);
  }, { limits: { maxObjects: 1 } });
});
