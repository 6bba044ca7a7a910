/**
 * Endpoints whose service is the edge itself: every kind of circle ends, and soon.
 */
import assert from "node:assert/strict";
import { connect } from "../../lib/agent/agent.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { test } from "../harness.ts";
import { dial, readToEnd, visit } from "./kit.ts";
import { Sdk } from "./sdk.ts";
import { AUTHTOKEN, DOMAIN, startTestEdge, type TestEdge } from "./tunnel_suite.ts";

async function withEdge(
  run: (
    edge: TestEdge,
    forward: (
      options: { addr: string; url: string; proto?: "tcp" },
    ) => Promise<string>,
  ) => Promise<void>,
): Promise<void> {
  const edge = await startTestEdge();
  const agent = await connect({
    connectUrl: edge.agents,
    connectCas: edge.caPath,
    authtoken: AUTHTOKEN,
    runtime: detectRuntime(),
  });
  try {
    await run(edge, async (options) => (await agent.forward(options)).url);
  } finally {
    await agent.close({ graceMs: 0 });
    await edge.close();
  }
}

function requests(edge: TestEdge): number {
  return edge.edge.endpoints().reduce((sum, { traffic }) => sum + traffic.requests, 0);
}

test("loop: our agent notices at once that its HTTP service is its own endpoint", () =>
  withEdge(async (edge, forward) => {
    const url = await forward({ addr: edge.door.http!, url: `http://loop.${DOMAIN}` });
    const { status, text } = await visit(edge.door, url, { headers: { host: `loop.${DOMAIN}` } });
    assert.ok(status === 502 || status === 508, String(status));
    assert.match(text, /ERR_NGROK_(8012|3501)/);
    assert.ok(requests(edge) <= 33, String(requests(edge)));
  }));

test("loop: our agent notices that its tcp service is its own endpoint", () =>
  withEdge(async (edge, forward) => {
    const url = await forward({ addr: "127.0.0.1:1", url: "tcp://", proto: "tcp" });
    const { port } = new URL(url);
    // The same address again, now with itself as its service.
    edge.edge.stopEndpoint(edge.edge.endpoints()[0].id, "make room");
    await forward({ addr: `127.0.0.1:${port}`, url, proto: "tcp" });
    const socket = await dial(Number(port));
    socket.write("round and round");
    await readToEnd(socket).catch(() => {}); // how it ends is nobody's promise
    assert.ok(requests(edge) < 20, String(requests(edge)));
  }));

test("loop: a circle through an official SDK ends with 508", async () => {
  const edge = await startTestEdge();
  const sdk = await Sdk.start();
  try {
    await sdk.must("connect", {
      serverAddr: edge.agents,
      rootCas: edge.caPath,
      authtoken: AUTHTOKEN,
    });
    await sdk.listen("http", edge.door.http!, { domain: `sdk.${DOMAIN}`, scheme: "HTTP" });
    const url = `http://sdk.${DOMAIN}`;
    const { status, text } = await visit(edge.door, url);
    assert.equal(status, 508);
    assert.match(text, /ERR_NGROK_3501/);
    assert.equal(requests(edge), 33);
  } finally {
    await sdk.stop();
    await edge.close();
  }
});
