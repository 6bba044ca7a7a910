/**
 * An agent with several connections to one edge, over links that break one by one.
 */
import assert from "node:assert/strict";
import { connect } from "../../lib/agent/agent.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { test } from "../harness.ts";
import { startFaultRelay, startWeb, visit } from "./kit.ts";
import { Sdk } from "./sdk.ts";
import { AUTHTOKEN, DOMAIN, eventually, startTestEdge } from "./tunnel_suite.ts";

function until(check: () => boolean): Promise<void> {
  return eventually(() => Promise.resolve(assert.ok(check(), String(check))));
}

test("S93 legs: visitors are spread over all links, and a broken link takes nothing offline", async () => {
  const service = await startWeb();
  // The further address is known before the edge is: a relay stands there and leads to it.
  let agentsPort = 0;
  const west = await startFaultRelay(() => agentsPort);
  const edge = await startTestEdge({ connectAddresses: [`127.0.0.1:${west.port}`] });
  agentsPort = Number(edge.agents.split(":")[1]);
  const first = await startFaultRelay(agentsPort);
  const agent = await connect({
    connectUrl: `127.0.0.1:${first.port}`,
    connectCas: edge.caPath,
    authtoken: AUTHTOKEN,
    runtime: detectRuntime(),
  });
  try {
    const { url } = await agent.forward({ addr: service.port, url: `https://legs.${DOMAIN}` });
    const legs = () => edge.edge.endpoints()[0].sessionIds.length;
    await until(() => edge.edge.endpoints().length === 1 && legs() === 2);
    assert.deepEqual(edge.edge.sessions().map(({ legNumber }) => legNumber).sort(), [0, 1]);
    assert.equal(new Set(edge.edge.sessions().map(({ clientId }) => clientId)).size, 1);

    const slow = Array.from(
      { length: 10 },
      (_, i) => visit(edge.door, `${url}/slow?ms=300&i=${i}`),
    );
    await until(() => edge.edge.sessions().every(({ openStreams }) => openStreams === 5));
    for (const { status } of await Promise.all(slow)) assert.equal(status, 200);

    // One link after the other: the endpoint never goes, and each comes back alone.
    for (const link of [first, west, first]) {
      const [{ id, sessionIds }] = edge.edge.endpoints();
      link.cut("rst");
      await until(() => {
        const [now] = edge.edge.endpoints();
        assert.equal(now?.id, id);
        return legs() === 2 && now.sessionIds.some((one) => !sessionIds.includes(one));
      });
      assert.equal((await visit(edge.door, `${url}/hello`)).status, 200);
    }
    await agent.endpoints[0].close();
    assert.equal(edge.edge.endpoints().length, 0);
  } finally {
    await agent.close({ graceMs: 0 });
    await edge.close();
    await first.close();
    await west.close();
    await service.close();
  }
});

test("legs: the official SDK takes no offence at further addresses", async () => {
  const service = await startWeb();
  const edge = await startTestEdge({ connectAddresses: ["127.0.0.1:9", "127.0.0.1:10"] });
  const sdk = await Sdk.start();
  try {
    await sdk.must("connect", {
      serverAddr: edge.agents,
      rootCas: edge.caPath,
      authtoken: AUTHTOKEN,
    });
    const { url } = await sdk.listen("http", `127.0.0.1:${service.port}`, {
      domain: `sdk.${DOMAIN}`,
    });
    assert.equal((await visit(edge.door, `${url}/hello`)).status, 200);
    assert.equal(edge.edge.sessions().length, 1);
  } finally {
    await sdk.stop();
    await edge.close();
    await service.close();
  }
});
