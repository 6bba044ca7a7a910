import assert from "node:assert/strict";
import { liveEdge, type LiveSource } from "../../../lib/api/live_edge.ts";
import { test } from "../../harness.ts";

const SESSION = {
  id: "ts_1",
  clientId: "c",
  accountId: "ac_1",
  tokenId: "cr_1",
  legNumber: 0,
  remote: "192.0.2.1:555",
  userAgent: "ngrok-go",
  agentVersion: "3.20.0",
  os: "linux",
  arch: "x64",
  metadata: "m",
  protocolVersion: "3",
  startedAtMs: 5,
  latencyMs: undefined,
  openStreams: 0,
  endpointIds: ["b"],
};

const ENDPOINT = {
  id: "b",
  ksuid: "2aBcDeFgHiJkLmNoPqRsTuVwXyZ",
  url: "https://shop.example.com",
  host: "shop.example.com",
  port: 443,
  binding: "public" as const,
  proto: "https" as const,
  accountId: "ac_1",
  clientId: "c",
  sessionIds: ["ts_1"],
  forwardsTo: "http://localhost:80",
  name: "web",
  description: "d",
  metadata: "m",
  startedAtMs: 6,
};

function source(told: string[] = []): LiveSource {
  return {
    sessions: () => [SESSION, { ...SESSION, id: "ts_2", accountId: "ac_2", remote: "[::1]:9" }],
    endpoints: () => [
      ENDPOINT as never,
      {
        ...ENDPOINT,
        url: "tcp://example.com:2000",
        host: "example.com",
        port: 2000,
        proto: "tcp",
        accountId: "ac_2",
      } as never,
      { ...ENDPOINT, host: "db.internal", binding: "internal", accountId: "ac_4" } as never,
    ],
    commandSession: (id, command) => Promise.resolve(void told.push(`${command} ${id}`)),
    updateSession: (id, wish) => Promise.resolve(void told.push(`update ${id} ${wish?.version}`)),
  };
}

test("liveEdge() gives each account its own, in the words of the API", () => {
  const live = liveEdge(source(), "eu");
  assert.deepEqual(live.sessions("ac_1"), [{
    id: "ts_1",
    credentialId: "cr_1",
    ip: "192.0.2.1",
    os: "linux",
    agentVersion: "3.20.0",
    transport: "ngrok/3",
    metadata: "m",
    region: "eu",
    startedAtMs: 5,
  }]);
  assert.equal(live.sessions("ac_2")[0].ip, "::1");
  const [endpoint, ...others] = live.endpoints("ac_1");
  assert.deepEqual(others, []);
  assert.equal(endpoint.key, ENDPOINT.ksuid);
  assert.equal(endpoint.credentialId, "cr_1");
  assert.equal(endpoint.upstreamProtocol, "http1");
  assert.equal(live.endpoints("ac_2")[0].upstreamProtocol, "");
  assert.deepEqual(live.endpoints("ac_3"), []);
});

test("liveEdge() knows who is online where", () => {
  const live = liveEdge(source(), "");
  assert.equal(live.holderOf("shop.example.com"), "ac_1");
  assert.equal(live.holderOf("example.com", 2000), "ac_2");
  assert.equal(live.holderOf("example.com", 2001), undefined);
  assert.equal(live.holderOf("other.example.com"), undefined);
  assert.equal(
    live.holderOf("db.internal"),
    undefined,
    "each account has internal names of its own",
  );
  assert.equal(live.endpoints("ac_4")[0].binding, "internal");
});

test("liveEdge() hands commands on", async () => {
  const told: string[] = [];
  const live = liveEdge(source(told), "");
  await live.commandSession("ts_1", "restart");
  await live.updateSession("ts_1", "3.21.0");
  assert.deepEqual(told, ["restart ts_1", "update ts_1 3.21.0"]);
});

test("liveEdge() shows each member of a pool, and whether an endpoint pools", () => {
  const pooled = { ...ENDPOINT, poolingEnabled: true };
  const live = liveEdge({
    ...source(),
    endpoints: () => [
      pooled as never,
      { ...pooled, id: "b2", ksuid: "2aBcDeFgHiJkLmNoPqRsTuVwXyY" } as never,
      { ...ENDPOINT, poolingEnabled: false, url: "https://alone.example.com" } as never,
    ],
  }, "");
  const shown = live.endpoints("ac_1").map(({ key, url, poolingEnabled }) => [
    key,
    url,
    poolingEnabled,
  ]);
  assert.deepEqual(shown, [
    ["2aBcDeFgHiJkLmNoPqRsTuVwXyZ", "https://shop.example.com", true],
    ["2aBcDeFgHiJkLmNoPqRsTuVwXyY", "https://shop.example.com", true],
    ["2aBcDeFgHiJkLmNoPqRsTuVwXyZ", "https://alone.example.com", false],
  ]);
});
