import assert from "node:assert/strict";
import { test } from "../harness.ts";
import { FakeClock } from "../../lib/base/clock.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { memoryRuntime } from "../../lib/runtime/memory.ts";
import { STREAM } from "../../lib/wire/messages.ts";
import {
  connect,
  forward,
  parseEndpointUrl,
  parseUpstream,
  TunnelError,
} from "../../mod.ts";
import { FakeEdge, type Json, refusalText } from "../fakes/edge.ts";

function stage() {
  const clock = new FakeClock();
  return {
    clock,
    edge: new FakeEdge(clock),
    runtime: memoryRuntime({ clock }),
  };
}

test("forward() makes an agent and an endpoint, and ends both", async () => {
  const { clock, edge, runtime } = stage();
  const tunnel = await forward("[::1]:80", {
    runtime,
    dial: edge.dial,
    authtoken: "secret",
    url: "https://app.example.test",
    name: "web",
    metadata: "mine",
    upstreamProtocol: "http2",
  });
  assert.equal(tunnel.url, "https://app.example.test");
  assert.equal(tunnel.endpoint.name, "web");
  assert.equal(tunnel.agent.endpoints.length, 1);
  const [bind] = edge.session.of(STREAM.bind);
  assert.equal(bind.json.ForwardsTo, "http://[::1]:80");
  assert.equal(bind.json.ForwardsProto, "http2");
  assert.equal((bind.json.Extra as Json).Metadata, "mine");
  const [auth] = edge.session.of(STREAM.auth);
  assert.equal((auth.json.Extra as Json).AuthToken, "secret");
  const closing = tunnel[Symbol.asyncDispose]();
  await clock.advance(1_000);
  await closing;
  assert.deepEqual(await tunnel.closed, { error: undefined });
  assert.equal(tunnel.agent.state, "closed");
  assert.equal(clock.pending, 0);
});

test("forward() leaves no agent behind when the endpoint is refused", async () => {
  const { clock, edge, runtime } = stage();
  edge.onBind = () => refusalText("Taken.", 334);
  const refused = assert.rejects(forward(8080, { runtime, dial: edge.dial }), {
    ngrokCode: 334,
  });
  await clock.advance(1_000);
  await refused;
  await clock.advance(0);
  assert.notEqual(edge.session.end, undefined);
  assert.equal(clock.pending, 0);
  assert.equal(runtime.host.kept, 0);
});

test("forward() checks what it was told before it connects", async () => {
  const { edge, runtime } = stage();
  const options = { runtime, dial: edge.dial };
  await assert.rejects(forward("ftp://x", options), {
    code: "address_invalid",
  });
  await assert.rejects(forward(80, { ...options, url: "https://h/" }), {
    ngrokCode: 9038,
  });
  await assert.rejects(forward(80, { ...options, authToken: "x" } as never), {
    code: "config_invalid",
    message: /unknown key "authToken"/,
  });
  assert.equal(edge.dials, 0);
});

test("connect() runs on the runtime it finds when none is given", async () => {
  const edge = new FakeEdge(detectRuntime().clock);
  const agent = await connect({ dial: edge.dial });
  const { Extra } = edge.session.of(STREAM.auth)[0].json as { Extra: Json };
  assert.equal(Extra.Arch, detectRuntime().host.arch);
  await agent.close();
  assert.equal(agent.state, "closed");
});

test("the library's door hands out what its users compare and parse with", () => {
  assert.equal(new TunnelError("refused", "x").code, "refused");
  assert.equal(parseUpstream(80, "http").display, "http://localhost:80");
  assert.equal(parseEndpointUrl("h").url, "https://h");
});
