/** @module */
import assert from "node:assert/strict";
import { endpointInfo, sessionInfo } from "../../../lib/edge/info.ts";
import { AgentsSide } from "../../fakes/agents_side.ts";
import { test } from "../../harness.ts";

test("endpointInfo() and sessionInfo() tell everything, no secret, as plain data", async () => {
  const side = await AgentsSide.create();
  const { agent, answer } = await side.agent("one", { Metadata: "session meta", LegNumber: 2 });
  await agent.bind("tcp", { Addr: "example.com:20001" }, {
    Extra: { Name: "n", Description: "d", Metadata: "m" },
  });
  const [session] = side.agents.sessions;
  const endpoints = side.places.endpointsOf(session);
  const [endpoint] = endpoints;
  const clientId = answer["ClientId"];
  assert.deepEqual(endpointInfo(endpoint), {
    id: endpoint.id,
    url: "tcp://example.com:20001",
    ksuid: endpoint.id,
    proto: "tcp",
    binding: "public",
    host: "example.com",
    port: 20001,
    accountId: "ac_1",
    clientId,
    sessionIds: [session.id],
    forwardsTo: "localhost:80",
    forwardsProto: "",
    tokenId: "cr_one",
    name: "n",
    description: "d",
    metadata: "m",
    poolingEnabled: false,
    startedAtMs: 1_000_000,
    traffic: { requests: 0, open: 0, inBytes: 0, outBytes: 0 },
  });
  const info = sessionInfo(session, endpoints);
  assert.deepEqual(info, {
    id: session.id,
    clientId,
    accountId: "ac_1",
    tokenId: "cr_one",
    legNumber: 2,
    remote: "192.0.2.1:4000",
    userAgent: "ngrok-javascript/1.7.0 ngrok-rust/0.18.0",
    agentVersion: "1.7.0",
    os: "linux",
    arch: "x86_64",
    metadata: "session meta",
    protocolVersion: "3",
    startedAtMs: 1_000_000,
    latencyMs: info.latencyMs,
    openStreams: 0,
    endpointIds: [endpoint.id],
  });
  assert.deepEqual(structuredClone(info), info);
  await side.close();
});
