/** @module */
import assert from "node:assert/strict";
import { AgentEndpoint, type EndpointFacts } from "../../../lib/edge/agent_endpoint.ts";
import type { EndpointProto } from "../../../lib/edge/endpoint.ts";
import { endpointKey, EndpointRegistry, placeOf } from "../../../lib/edge/endpoints.ts";
import { test } from "../../harness.ts";

let count = 0;

function endpoint(
  proto: EndpointProto,
  host: string,
  port = 443,
  more: Partial<EndpointFacts> = {},
): AgentEndpoint {
  return new AgentEndpoint({
    id: `e${++count}`,
    ksuid: `k${count}`,
    binding: "public",
    forwardsProto: "",
    tokenId: "cr_1",
    url: `${proto}://${host}`,
    proto,
    host,
    port,
    accountId: "ac_1",
    clientId: "c1",
    forwardsTo: "",
    options: {},
    startedAtMs: 0,
    name: "",
    description: "",
    metadata: "",
    poolingEnabled: false,
    ...more,
  });
}

function registryOf(...names: [EndpointProto, string][]): EndpointRegistry {
  const registry = new EndpointRegistry();
  for (const [proto, host] of names) registry.add(endpoint(proto, host));
  return registry;
}

test("EndpointRegistry.find() takes the exact name, then the most specific wildcard", () => {
  const registry = registryOf(
    ["https", "*.example.com"],
    ["https", "*.b.example.com"],
    ["https", "a.b.example.com"],
    ["https", "example.com"],
  );
  const table: [string, string | undefined][] = [
    ["a.b.example.com", "a.b.example.com"],
    ["x.b.example.com", "*.b.example.com"],
    ["x.y.b.example.com", "*.b.example.com"],
    ["x.a.b.example.com", "*.b.example.com"],
    ["b.example.com", "*.example.com"],
    ["x.example.com", "*.example.com"],
    ["example.com", "example.com"],
    ["com", undefined],
    ["", undefined],
    ["example.org", undefined],
    ["badexample.com", undefined],
  ];
  for (const [host, found] of table) {
    assert.equal(registry.find("https", host)?.host, found, host);
  }
});

test("EndpointRegistry.find() keeps protocols apart, and port 443 together", () => {
  const registry = registryOf(
    ["http", "a.example.com"],
    ["tls", "*.example.com"],
    ["https", "b.example.com"],
  );
  assert.equal(registry.find("https", "a.example.com"), undefined);
  assert.equal(registry.find("http", "b.example.com"), undefined);
  assert.equal(registry.find("tls", "x.example.com")?.host, "*.example.com");
  // The wildcard does not take what the exact name of the same port is for.
  assert.equal(registry.find("tls", "b.example.com"), undefined);
  assert.equal(registry.find("https", "b.example.com")?.host, "b.example.com");
  assert.equal(registry.find("https", "x.example.com"), undefined);
});

test("EndpointRegistry forgets what was removed, and removes only what is there", () => {
  const registry = new EndpointRegistry();
  const first = endpoint("https", "a.example.com");
  registry.add(first);
  assert.throws(() => registry.add(endpoint("tls", "a.example.com")), /taken/);
  assert.equal(registry.remove(first), true);
  assert.equal(registry.remove(first), false);
  const second = endpoint("https", "a.example.com");
  registry.add(second);
  assert.equal(registry.remove(first), false);
  assert.equal(registry.find("https", "a.example.com"), second);
  assert.deepEqual([...registry.all()], [second]);
  assert.equal(registry.size, 1);
});

test("EndpointRegistry keeps a place for its agent until time is up", () => {
  const registry = new EndpointRegistry();
  const lost = endpoint("tcp", "example.com", 20001);
  const key = endpointKey("tcp", "", 20001);
  registry.hold(lost, 1_000);
  assert.equal(registry.heldFor(key, 999)?.clientId, "c1");
  assert.equal(registry.heldFor(key, 1_000), undefined);
  registry.hold(lost, 1_000);
  registry.add(lost);
  registry.remove(lost);
  // Coming online ended the hold.
  assert.equal(registry.heldFor(key, 0), undefined);
});

test("EndpointRegistry bounds the places it keeps", () => {
  const registry = new EndpointRegistry();
  for (let port = 1; port <= 10_001; port++) {
    registry.hold(endpoint("tcp", "x", port), 1_000);
  }
  assert.equal(registry.heldFor("tcp:1", 0), undefined);
  assert.ok(registry.heldFor("tcp:2", 0));
  assert.ok(registry.heldFor("tcp:10001", 0));
});

test("EndpointRegistry.exclusively() runs one change of a place after the other", async () => {
  const registry = new EndpointRegistry();
  const order: string[] = [];
  let finish!: () => void;
  const first = registry.exclusively("k", async () => {
    order.push("first begins");
    await new Promise<void>((resolve) => finish = resolve);
    order.push("first ends");
    throw new Error("first fails");
  });
  const second = registry.exclusively(
    "k",
    () => Promise.resolve(order.push("second")),
  );
  await registry.exclusively(
    "other",
    () => Promise.resolve(order.push("other")),
  );
  finish();
  await assert.rejects(first, /first fails/);
  await second;
  assert.deepEqual(order, ["first begins", "other", "first ends", "second"]);
});

test("EndpointRegistry keeps internal names of accounts apart, and lets no visitor find one", () => {
  const registry = new EndpointRegistry();
  const internal = { binding: "internal", port: 443 } as const;
  const [one, two] = ["ac_1", "ac_2"].map((accountId) =>
    endpoint("https", "api.internal", 443, { ...internal, accountId })
  );
  registry.add(one);
  registry.add(two);
  registry.add(endpoint("https", "*.internal", 443, internal));
  registry.add(endpoint("http", "api.internal", 80, { ...internal, port: 80 }));
  assert.throws(() => registry.add(endpoint("tls", "api.internal", 443, internal)), /taken/);
  for (const proto of ["http", "https", "tls", "tcp"] as const) {
    assert.equal(registry.find(proto, "api.internal"), undefined);
  }
  assert.equal(registry.at(placeOf(two.facts)), two);
  registry.hold(one, 1_000);
  assert.equal(registry.heldFor(placeOf(two.facts), 0), undefined);
  assert.ok(registry.heldFor(placeOf(one.facts), 0));
});

test("EndpointRegistry.byKsuid() finds what is online by its name in APIs", () => {
  const registry = new EndpointRegistry();
  const first = endpoint("https", "a.example.com", 443, { ksuid: "abc" });
  registry.add(first);
  assert.equal(registry.byKsuid("abc"), first);
  assert.throws(() => registry.add(endpoint("https", "b.example.com", 443, { ksuid: "abc" })));
  registry.remove(first);
  assert.equal(registry.byKsuid("abc"), undefined);
});
