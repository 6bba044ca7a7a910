import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { nodeTls } from "../../../lib/runtime/node_tls.ts";
import { makeCa } from "../../fakes/certs.ts";
import { test } from "../../harness.ts";

test("startTlsServer() gives a silent visitor 10 seconds, then aborts the carrier", async () => {
  const clock = new FakeClock();
  const certificate = await (await makeCa()).leaf(["a.example"]);
  const [near, far] = pair();
  const failing = assert.rejects(nodeTls(clock).startTlsServer(far, { certificate }), {
    code: "timed_out",
    message: "Cannot serve TLS to a visitor: no handshake within 10000 ms",
  });
  await clock.advance(9_999);
  assert.equal(clock.pending, 1);
  await clock.advance(1);
  await failing;
  await Promise.all([near.closed, far.closed]);
  assert.equal(clock.pending, 0);
});

test("startTlsClient() gives a silent server its limit, then aborts the carrier", async () => {
  const clock = new FakeClock();
  const [near, far] = pair();
  const failing = assert.rejects(
    nodeTls(clock).startTlsClient(near, { serverName: "a.example", timeoutMs: 50, roots: [] }),
    { code: "timed_out", message: 'Cannot speak TLS with "a.example": no handshake within 50 ms' },
  );
  await clock.advance(50);
  await failing;
  await Promise.all([near.closed, far.closed]);
});

test("startTlsServer() aborts the carrier when its certificate is none", async () => {
  const [near, far] = pair();
  const certificate = { chainPem: "no certificate", keyPem: "no key" };
  await assert.rejects(nodeTls(new FakeClock()).startTlsServer(far, { certificate }), {
    code: "tls_failed",
  });
  await Promise.all([near.closed, far.closed]);
});

test("startTlsServer() and startTlsClient() leave no timer behind", async () => {
  const clock = new FakeClock();
  const ca = await makeCa();
  const certificate = await ca.leaf(["a.example"]);
  const { startTlsClient, startTlsServer } = nodeTls(clock);
  const [near, far] = pair();
  const [client, server] = await Promise.all([
    startTlsClient(near, { serverName: "a.example", roots: [ca.caPem] }),
    startTlsServer(far, { certificate }),
  ]);
  assert.equal(clock.pending, 0);
  assert.deepEqual(client.remote, { host: "", port: 0 });
  client.abort();
  server.abort();
  await Promise.all([client.closed, server.closed, near.closed, far.closed]);
});
