/**
 * Traffic policy actions on the way of a real exchange: what a visitor, the edge and a service see
 * of `verify-webhook`, `compress-response`, `circuit-breaker` and `websocket-tcp-converter`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { createGunzip, gunzipSync } from "node:zlib";
import type { PolicyServices } from "../../lib/policy/action.ts";
import { readPolicy } from "../../lib/policy/document.ts";
import { compilePolicy } from "../../lib/policy/engine.ts";
import { applyMask, closePayload, frameHead, OPCODES } from "../../lib/http/websocket.ts";
import { nodeCodecs } from "../../lib/runtime/node_codecs.ts";
import {
  FakeEndpoint,
  latin1Bytes,
  latin1Text,
  OK,
  type Scene,
  scene,
  settle,
} from "../fakes/edge_visit.ts";
import { test } from "../harness.ts";
import { testServices } from "../unit/policy/testing.ts";

/** A visitor at an endpoint with this policy. */
async function guarded(policy: unknown, more: Partial<PolicyServices> = {}): Promise<Scene> {
  const endpoint = new FakeEndpoint("a.test");
  endpoint.policy = await compilePolicy(readPolicy(policy, "http"), {
    proto: "http",
    services: testServices({ codecs: nodeCodecs, ...more }),
  });
  return scene({ endpoints: [endpoint] });
}

function onRequest(type: string, config?: unknown) {
  return { on_http_request: [{ actions: [{ type, config }] }] };
}

test("verify-webhook lets a genuine webhook through unchanged, and answers others itself", async () => {
  const policy = onRequest("verify-webhook", { provider: "github", secret: "s" });
  const body = '{"a": 1}';
  const signature = createHmac("sha256", "s").update(body).digest("hex");
  const request = (sent: string) =>
    `POST /hook HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${sent.length}\r\n` +
    `X-Hub-Signature-256: sha256=${signature}\r\n\r\n${sent}`;
  const bad = await guarded(policy);
  await bad.visitor.send(request('{"a": 2}'));
  const refused = await bad.visitor.readHead();
  assert.match(refused, /^HTTP\/1\.1 403 Forbidden\r\n/);
  assert.match(refused, /\r\nngrok-error-code: ERR_NGROK_3204\r\n/);
  assert.equal(bad.endpoint.opened.length, 0);
  bad.visitor.duplex.closeWrite();

  const good = await guarded(policy);
  await good.visitor.send(request(body));
  const agent = await good.endpoint.nextStream();
  assert.match(await agent.readHead(), /^POST \/hook HTTP\/1\.1\r\n/);
  await agent.expect(body);
  await agent.send(OK);
  await good.visitor.expect(OK);
  good.visitor.duplex.closeWrite();
});

/** The body of chunks, put together. */
function dechunk(text: string): Uint8Array {
  const parts: string[] = [];
  let rest = text;
  for (;;) {
    const at = rest.indexOf("\r\n");
    const size = parseInt(rest.slice(0, at), 16);
    if (size === 0) return latin1Bytes(parts.join(""));
    parts.push(rest.slice(at + 2, at + 2 + size));
    rest = rest.slice(at + 2 + size + 2);
  }
}

test("compress-response compresses a page, and the visitor reads what the service wrote", async () => {
  const { visitor, endpoint } = await guarded({
    on_http_response: [{ actions: [{ type: "compress-response" }] }],
  });
  await visitor.send("GET / HTTP/1.1\r\nHost: a.test\r\nAccept-Encoding: gzip\r\n\r\n");
  const agent = await endpoint.nextStream();
  await agent.readHead();
  const page = "All work and no play. ".repeat(500);
  await agent.send(
    `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: "1"\r\nContent-Length: ${page.length}\r\n\r\n${page}`,
  );
  const head = await visitor.readHead();
  assert.match(head, /\r\nContent-Encoding: gzip\r\n/);
  assert.match(head, /\r\nVary: Accept-Encoding\r\n/);
  assert.match(head, /\r\nETag: W\/"1"\r\n/i);
  assert.doesNotMatch(head, /content-length/i);
  const chunks = await visitor.readTo("\r\n0\r\n\r\n");
  assert.ok(chunks.length < page.length / 10);
  assert.equal(gunzipSync(dechunk(chunks)).toString(), page);
  visitor.duplex.closeWrite();
});

test("compress-response does not hold a stream of events back", async () => {
  const { visitor, endpoint } = await guarded({
    on_http_response: [{ actions: [{ type: "compress-response" }] }],
  });
  await visitor.send("GET / HTTP/1.1\r\nHost: a.test\r\nAccept-Encoding: gzip\r\n\r\n");
  const agent = await endpoint.nextStream();
  await agent.readHead();
  await agent.send(
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  await visitor.readHead();
  const gunzip = createGunzip();
  let got = "";
  gunzip.on("data", (part: Uint8Array) => got += Buffer.from(part).toString());
  for (const event of ["data: one\n\n", "data: two\n\n"]) {
    await agent.send(`${event.length.toString(16)}\r\n${event}\r\n`);
    const size = parseInt(await visitor.readTo("\r\n"), 16);
    const bytes = latin1Bytes(await visitor.readBytes(size));
    await visitor.expect("\r\n");
    await new Promise<void>((resolve) => gunzip.write(bytes, () => resolve()));
    assert.ok(got.endsWith(event), `held back: ${got}`);
  }
  gunzip.destroy();
  await agent.send("0\r\n\r\n");
  await visitor.readTo("\r\n0\r\n\r\n");
  visitor.duplex.closeWrite();
});

test("circuit-breaker trips on a service that fails, and not on visitors who hang up", async () => {
  const config = { error_threshold: 0.5, volume_threshold: 2 };
  const { visitor, endpoint } = await guarded(onRequest("circuit-breaker", config));
  const fail = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n";
  for (let i = 0; i < 2; i++) {
    await visitor.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    const agent = i === 0 ? await endpoint.nextStream() : endpoint.opened[0];
    await agent.readHead();
    await agent.send(fail);
    await visitor.expect(fail);
  }
  await visitor.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  const refused = await visitor.readHead();
  assert.match(refused, /^HTTP\/1\.1 503 /);
  assert.match(refused, /ERR_NGROK_3202/);
  assert.match(refused, /\r\nRetry-After: 10\r\n/);
  visitor.duplex.closeWrite();

  const policy = await guarded(onRequest("circuit-breaker", { ...config, volume_threshold: 1 }));
  await policy.visitor.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await (await policy.endpoint.nextStream()).readHead();
  policy.visitor.duplex.abort();
  await policy.visit.over;
  await settle();
  // Another visitor of the same endpoint is let through.
  const next = scene({ endpoints: [policy.endpoint] });
  await next.visitor.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  const agent = await policy.endpoint.nextStream();
  await agent.readHead();
  await agent.send(OK);
  await next.visitor.expect(OK);
  next.visitor.duplex.closeWrite();
});

/** A frame as a client writes it. */
function clientFrame(opcode: number, payload: Uint8Array): string {
  const mask = 0xa1b2c3d4;
  const bytes = payload.slice();
  applyMask(bytes, mask);
  return latin1Text(frameHead(opcode, bytes.length, { mask })) + latin1Text(bytes);
}

test("websocket-tcp-converter joins a WebSocket with the raw bytes of a service", async () => {
  const { visitor, endpoint, visit } = await guarded(onRequest("websocket-tcp-converter"));
  await visitor.send(
    "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
      clientFrame(OPCODES.binary, latin1Bytes("SSH-2.0\r\n")),
  );
  const head = await visitor.readHead();
  assert.match(head, /^HTTP\/1\.1 101 /);
  assert.match(head, /Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/);
  const agent = await endpoint.nextStream();
  await agent.expect("SSH-2.0\r\n");
  await agent.send("hello");
  assert.equal(await visitor.readBytes(7), "\x82\x05hello");
  await visitor.send(clientFrame(OPCODES.close, closePayload(1000)));
  assert.equal(await visitor.readBytes(4), "\x88\x02\x03\xe8");
  assert.equal(await agent.atEnd(), true);
  agent.duplex.closeWrite();
  visitor.duplex.closeWrite();
  await visit.over;
});
