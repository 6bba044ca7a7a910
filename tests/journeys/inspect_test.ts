/**
 * What the inspector keeps of real traffic through a real tunnel.
 */
import assert from "node:assert/strict";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { connect } from "../../lib/agent/agent.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { test } from "../harness.ts";
import { startWeb, visit } from "./kit.ts";
import { AUTHTOKEN, DOMAIN, startTestEdge } from "./tunnel_suite.ts";

const COUNT = 1_000;
const AT_ONCE = 50;

test("S141 inspection: 1,000 mixed requests are captured exactly, and none where it is off", async () => {
  const edge = await startTestEdge();
  const service = await startWeb();
  const agent = await connect({
    connectUrl: edge.agents,
    connectCas: edge.caPath,
    authtoken: AUTHTOKEN,
    runtime: detectRuntime(),
    inspectBytes: 0,
  });
  try {
    const forward = (name: string, inspect: boolean) =>
      agent.forward({ addr: service.port, url: `http://${name}.${DOMAIN}`, name, inspect });
    const seen = await forward("seen", true);
    const unseen = await forward("unseen", false);
    const ask = async (url: string, index: number) => {
      const isPost = index % 3 === 0;
      const path = isPost
        ? `/echo?i=${index}`
        : index % 3 === 1
        ? `/hello?i=${index}`
        : `/none?i=${index}`;
      const { status, text } = await visit(edge.door, `${url}${path}`, {
        ...(isPost && { method: "POST", body: `body ${index}` }),
      });
      assert.equal(status, index % 3 === 2 ? 404 : 200);
      return { path, status, text };
    };
    const expected = new Map<string, { status: number; text: string }>();
    for (let from = 0; from < COUNT; from += AT_ONCE) {
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, index) => ask(seen.url, from + index)),
      );
      for (const { path, ...rest } of answers) expected.set(path, rest);
    }
    await ask(unseen.url, 1);
    const kept = agent.exchanges!.list({ limit: 2 * COUNT });
    assert.equal(kept.length, COUNT);
    for (const { request, response, state, error } of kept) {
      const { status, text } = expected.get(request.target)!;
      assert.equal(state, "complete", error);
      assert.equal(response?.status, status);
      assert.equal(new TextDecoder().decode(response?.body.bytes), text);
      if (request.method === "POST") {
        assert.equal(new TextDecoder().decode(request.body.bytes), text);
      }
      expected.delete(request.target);
    }
    assert.equal(expected.size, 0);
    assert.equal(seen.metrics.http.read().count, COUNT);
    const again = await agent.replay(kept[0].id);
    assert.equal(agent.exchanges!.get(again)?.replayOf, kept[0].id);
  } finally {
    await agent.close({ graceMs: 0 });
    await service.close();
    await edge.close();
  }
});

test("inspection: a call to a service that speaks HTTP/2 is an exchange with its gRPC messages, and can be repeated", async () => {
  const edge = await startTestEdge();
  const message = Uint8Array.of(0, 0, 0, 0, 2, 0x68, 0x69);
  const server = http2.createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(200, { "content-type": "application/grpc" });
      response.write(message);
      response.addTrailers({ "grpc-status": "0" });
      response.end();
    });
  });
  const { port } = await new Promise<AddressInfo>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve(server.address() as AddressInfo))
  );
  const agent = await connect({
    connectUrl: edge.agents,
    connectCas: edge.caPath,
    authtoken: AUTHTOKEN,
    runtime: detectRuntime(),
    inspectBytes: 0,
  });
  try {
    const url = `http://grpc.${DOMAIN}`;
    await agent.forward({ addr: `127.0.0.1:${port}`, url, upstreamProtocol: "http2" });
    const { status, text } = await visit(edge.door, `${url}/shop.Cart/Add`, {
      method: "POST",
      headers: { "content-type": "application/grpc" },
      body: new TextDecoder().decode(message),
    });
    assert.deepEqual([status, text], [200, new TextDecoder().decode(message)]);
    const [{ request, response, messages, state }] = agent.exchanges!.list();
    assert.deepEqual([request.method, request.target, request.version], [
      ...["POST", "/shop.Cart/Add", "2"],
    ]);
    assert.equal(state, "complete");
    assert.deepEqual(response?.trailers, [["grpc-status", "0"]]);
    assert.deepEqual(
      messages.map(({ kind, from, preview }) => [kind, from, new TextDecoder().decode(preview)]),
      [["grpc", "visitor", "hi"], ["grpc", "service", "hi"]],
    );
    const again = await agent.replay(agent.exchanges!.list()[0].id);
    const untilMs = performance.now() + 30_000;
    while (agent.exchanges!.get(again)?.state === "open" && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const repeated = agent.exchanges!.get(again)!;
    assert.equal(repeated.state, "complete", repeated.error);
    assert.deepEqual([repeated.request.version, repeated.messages.length], ["2", 2]);
    assert.deepEqual(repeated.response?.trailers, [["grpc-status", "0"]]);
  } finally {
    await agent.close({ graceMs: 0 });
    await new Promise((resolve) => server.close(resolve));
    await edge.close();
  }
});
