/** @module */
import assert from "node:assert/strict";
import { STREAM } from "../../../lib/wire/messages.ts";
import type { FakeAgent } from "../../fakes/agent.ts";
import { AgentsSide } from "../../fakes/agents_side.ts";
import { test } from "../../harness.ts";

const NAMES = Object.fromEntries(
  Object.entries(STREAM).map(([name, type]) => [type, name]),
);

test("serveAgentStream() serves SrvInfo and nothing else before Auth", async () => {
  const side = await AgentsSide.create();
  const agent = side.connect();
  assert.deepEqual(await agent.request(STREAM.srvInfo, {}), { Region: "here" });
  const guarded = [
    STREAM.bind,
    STREAM.unbind,
    STREAM.startTunnelWithLabel,
    STREAM.patchTunnelState,
  ];
  for (const type of guarded) {
    const answer = await agent.request(type, {});
    assert.match(String(answer["Error"]), /before Auth\r\n\r\nERR_NGROK_109/);
  }
  await side.close();
});

const HOSTILE = ["{nonsense}", "[]", '"text"', "5", '{"a":}', "}{"];

for (
  const type of [
    STREAM.bind,
    STREAM.unbind,
    STREAM.startTunnelWithLabel,
    STREAM.patchTunnelState,
    STREAM.srvInfo,
  ]
) {
  test(`serveAgentStream() answers hostile JSON of ${NAMES[type]} with an error, and lives on`, async () => {
    const side = await AgentsSide.create();
    const { agent } = await side.agent();
    for (const text of HOSTILE) {
      const answer = await agent.request(type, text);
      assert.match(String(answer["Error"]), /ERR_NGROK_(301|801)\r\n$/, text);
    }
    assert.equal((await agent.bind("https")).Error, "");
    await side.close();
  });
}

test("serveAgentStream() answers a request that is too large instead of reading it all", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const answer = await agent.request(STREAM.unbind, { Id: "x".repeat(70_000) });
  assert.match(
    String(answer["Error"]),
    /more than 65536 bytes[^]*ERR_NGROK_801/,
  );
  await side.close();
});

test("serveAgentStream() resets a request that never becomes complete", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const stream = agent.mux.open(
    STREAM.bind,
    new TextEncoder().encode('{"Id":'),
  );
  const read = Promise.resolve(stream.read());
  await side.clock.advance(10_000);
  await assert.rejects(read, /reset/);
  // One that ends in the middle as well.
  const cut = agent.mux.open(STREAM.bind, new TextEncoder().encode('{"Id":'));
  await cut.closeWrite();
  await assert.rejects(async () => await cut.read(), /reset/);
  assert.equal((await agent.bind("https")).Error, "");
  await side.close();
});

test("serveAgentStream() does not keep a stream that the agent never ends", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const stream = agent.mux.open(
    STREAM.srvInfo,
    new TextEncoder().encode("{}\n"),
  );
  assert.ok(await stream.read());
  assert.equal(await stream.read(), undefined);
  assert.equal(agent.mux.openStreams, 1);
  await side.clock.advance(10_000);
  assert.equal(agent.mux.openStreams, 0);
  await side.close();
});

test("serveAgentStream() unbinds, again and again, known or not", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const { Id } = await agent.bind("https");
  for (const id of [Id, Id, "nonsense", ""]) {
    assert.deepEqual(await agent.unbind(id), { Error: "", Extra: null });
  }
  assert.deepEqual(
    await agent.request(STREAM.unbind, { Id: "x", Extra: null }),
    { Error: "", Extra: null },
  );
  assert.equal(side.registry.size, 0);
  assert.deepEqual(side.endpointEvents, ["endpoint_started", "endpoint_ended"]);
  await side.close();
});

test("serveAgentStream() tells when an agent has read the answer to its bind, and of no refusal", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const { Id } = await agent.bind("https");
  await agent.bind("https", { Domain: "not a name" });
  await side.settle();
  assert.deepEqual(side.bound, [Id]);
  await side.close();
});

test("serveAgentStream() does not unbind what another session serves", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const { agent: stranger } = await side.agent("two");
  const { Id } = await agent.bind("https");
  assert.deepEqual(await stranger.unbind(Id), { Error: "", Extra: null });
  assert.ok(side.registry.byId(Id));
  await side.close();
});

test("serveAgentStream() starts labeled tunnels, with an Id for the Rust SDK, and ends them", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const request = {
    Labels: { edge: "edghts_1" },
    ForwardsTo: "x",
    ForwardsProto: "",
    Metadata: "m",
  };
  const answer = await agent.request(STREAM.startTunnelWithLabel, request);
  assert.equal(answer["Error"], "");
  const [tunnel, ...more] = side.places.labeled;
  assert.deepEqual(more, []);
  assert.equal(tunnel.id, answer["Id"]);
  assert.deepEqual([tunnel.labels, tunnel.forwardsTo, tunnel.metadata, tunnel.accountId], [
    { edge: "edghts_1" },
    "x",
    "m",
    "ac_1",
  ]);
  await agent.unbind(tunnel.id);
  assert.deepEqual(side.places.labeled, []);
  await agent.request(STREAM.startTunnelWithLabel, request);
  assert.equal(side.places.labeled.length, 1);
  agent.abort();
  await side.settle();
  assert.deepEqual(side.places.labeled, []);
  await side.close();
});

const LABELS: readonly [rule: string, labels: Record<string, unknown>, code?: number][] = [
  ["bind:foo=bar", { foo: "bar" }],
  ["bind:foo=bar", { foo: "baz" }, 399],
  ["bind:foo=bar", { foo: "bar", more: "x" }, 399],
  ["bind:app=*", { app: "x" }],
  ["bind:app=*", { web: "x" }, 399],
  ["bind:*=example", { any: "example" }],
  ["bind:*=example", { any: "other" }, 399],
  ["bind:foo.example.com", { foo: "bar" }, 399],
  ["bind:*", { foo: "bar" }],
  ["*", { foo: "bar" }],
  ["*", {}, 394],
  ["*", { foo: 1 }, 301],
];

for (const [rule, labels, code] of LABELS) {
  const asked = JSON.stringify(labels);
  test(`S45 S46 serveAgentStream() answers the labels ${asked} with ${code ?? "a tunnel"} under ${rule}`, async () => {
    const side = await AgentsSide.create({ grants: { one: { acl: [rule] } } });
    const { agent } = await side.agent();
    const answer = await agent.request(STREAM.startTunnelWithLabel, { Labels: labels });
    const error = String(answer["Error"]);
    if (code === undefined) assert.equal(error, "");
    else assert.match(error, new RegExp(`ERR_NGROK_${code}\\r\\n$`));
    assert.equal(side.places.labeled.length, code === undefined ? 1 : 0);
    await side.close();
  });
}

async function patch(
  agent: FakeAgent,
  request: Record<string, unknown>,
): Promise<string> {
  return String(
    (await agent.request(STREAM.patchTunnelState, request))["Error"],
  );
}

test("serveAgentStream() changes the traffic policy of an endpoint while it runs, and keeps the old one when the new is wrong", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const bound = await agent.bind("https", { Auth: "user:password" });
  const endpoint = side.registry.byId(bound.Id)!;
  const TunnelId = bound.Extra.TunnelID;
  const before = endpoint.policy;
  const TrafficPolicy = "on_http_response: [{ actions: [{ type: custom-response }] }]";
  assert.equal(await patch(agent, { TunnelId, TrafficPolicy }), "");
  const { policy } = endpoint;
  assert.ok(policy !== before && policy?.onHttpRequest && policy.onHttpResponse);
  assert.equal(endpoint.options["TrafficPolicy"], TrafficPolicy);
  assert.match(await patch(agent, { TunnelId, TrafficPolicy: "nonsense" }), /ERR_NGROK_9026/);
  assert.equal(endpoint.policy, policy);
  assert.equal(await patch(agent, { TunnelId, Name: "n" }), "");
  assert.equal(endpoint.policy, policy);
  assert.equal(await patch(agent, { TunnelId, TrafficPolicy: "" }), "");
  assert.equal(endpoint.policy?.onHttpResponse, undefined);
  assert.ok(endpoint.policy?.onHttpRequest, "the modules stay");
  await side.close();
});

test("serveAgentStream() patches what is said about an endpoint and leaves the rest", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const bound = await agent.bind("https", {}, {
    Extra: { Name: "n", Description: "d", Metadata: "m" },
  });
  const TunnelId = bound.Extra.TunnelID;
  assert.equal(
    await patch(agent, { TunnelId, Name: "new", PoolingEnabled: true }),
    "",
  );
  assert.equal(
    await patch(agent, { TunnelId, Metadata: "", TrafficPolicy: "{}" }),
    "",
  );
  const { name, description, metadata, url } = side.registry.byId(bound.Id)!.facts;
  assert.deepEqual([name, description, metadata, url], [
    "new",
    "d",
    "",
    bound.URL,
  ]);
  await side.close();
});

test("serveAgentStream() patches pooling, and not against those who share the address", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const { agent: other } = await side.agent("two");
  const url = { Domain: "a.example.com" };
  const bound = await agent.bind("https", url);
  const TunnelId = bound.Extra.TunnelID;
  const join = () => other.bind("https", url, { Extra: { PoolingEnabled: true } });
  assert.match((await join()).Error!, /ERR_NGROK_334/);
  assert.equal(await patch(agent, { TunnelId, PoolingEnabled: true }), "");
  const joined = await join();
  assert.equal(joined.Error, "");
  assert.match(await patch(agent, { TunnelId, PoolingEnabled: false }), /1 more[^]*ERR_NGROK_334/);
  await other.unbind(joined.Id);
  assert.equal(await patch(agent, { TunnelId, PoolingEnabled: false }), "");
  assert.equal(side.registry.byId(bound.Id)!.facts.poolingEnabled, false);
  await side.close();
});

test("serveAgentStream() refuses patches that are not the agent's or not enforced", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const { agent: stranger } = await side.agent();
  const bound = await agent.bind("https");
  const TunnelId = bound.Extra.TunnelID;
  assert.match(await patch(stranger, { TunnelId, Name: "x" }), /ERR_NGROK_333/);
  assert.match(
    await patch(agent, { TunnelId: bound.Id, Name: "x" }),
    /ERR_NGROK_333/,
  );
  assert.match(await patch(agent, { Name: "x" }), /ERR_NGROK_333/);
  assert.match(
    await patch(agent, { TunnelId, TrafficPolicy: "actions: []" }),
    /ERR_NGROK_2230/,
  );
  assert.match(
    await patch(agent, { TunnelId, Name: "x".repeat(256) }),
    /ERR_NGROK_301/,
  );
  assert.match(await patch(agent, { TunnelId, Name: 5 }), /ERR_NGROK_301/);
  assert.equal(side.registry.byId(bound.Id)!.facts.name, "");
  await side.close();
});

test("serveAgentStream() serves a stranger a few requests at a time, not a thousand", async () => {
  const side = await AgentsSide.create();
  const agent = side.connect();
  const half = new TextEncoder().encode('{"a":');
  const kept = Array.from({ length: 8 }, () => agent.mux.open(STREAM.srvInfo, half));
  const refused = agent.mux.open(STREAM.srvInfo, half);
  await assert.rejects(async () => await refused.read(), /enhance your calm/);
  for (const stream of kept) stream.reset(6);
  await side.settle();
  assert.deepEqual(await agent.request(STREAM.srvInfo, {}), { Region: "here" });
  await side.close();
});
