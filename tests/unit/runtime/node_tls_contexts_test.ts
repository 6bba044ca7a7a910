import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import type { PeerCertificate } from "node:tls";
import {
  alpnOf,
  askingServer,
  checkIpv6,
  clientContext,
  outOfTime,
  serverContext,
} from "../../../lib/runtime/node_tls_contexts.ts";
import { makeCa } from "../../fakes/certs.ts";
import { test } from "../../harness.ts";

test("serverContext() is made once for each certificate object and lowest version", async () => {
  const ca = await makeCa();
  const certificate = await ca.leaf(["a.example"]);
  const first = serverContext({ certificate });
  assert.equal(serverContext({ certificate, minVersion: "1.2", alpn: ["h2"] }), first);
  assert.notEqual(serverContext({ certificate, minVersion: "1.3" }), first);
  assert.notEqual(serverContext({ certificate: { ...certificate } }), first);
});

test("clientContext() is made once for each list of roots and certificate", async () => {
  const ca = await makeCa();
  const certificate = await ca.client("me");
  const roots = [ca.caPem];
  const first = clientContext({ roots });
  assert.equal(clientContext({ roots, alpn: ["h2"] }), first);
  assert.notEqual(clientContext({ roots: [ca.caPem] }), first);
  const known = clientContext({ roots, certificate });
  assert.notEqual(known, first);
  assert.equal(clientContext({ roots, certificate }), known);
  assert.equal(clientContext({}), clientContext({ roots: "system" }));
});

test("serverContext(), askingServer() and clientContext() refuse a certificate of no use", async () => {
  const ca = await makeCa();
  const [one, other] = await Promise.all([ca.leaf(["a.example"]), ca.leaf(["b.example"])]);
  const bad = [
    [{ chainPem: "x", keyPem: "y" }, /our own cannot be read$/],
    [{ chainPem: one.chainPem, keyPem: "y" }, /our own cannot be read$/],
    [{ chainPem: one.chainPem, keyPem: other.keyPem }, /the key of our own belongs to another$/],
  ] as const;
  for (const [certificate, message] of bad) {
    const expected = { code: "tls_failed", message };
    assert.throws(() => serverContext({ certificate }), expected);
    assert.throws(() => askingServer({ certificate }), expected);
    assert.throws(() => clientContext({ roots: [ca.caPem], certificate }), expected);
  }
});

test("alpnOf() is nothing for an empty list", () => {
  assert.equal(alpnOf({}), undefined);
  assert.equal(alpnOf({ alpn: [] }), undefined);
  assert.deepEqual(alpnOf({ alpn: ["h2"] }), ["h2"]);
});

test("outOfTime() tells too late from too early, and a good one from both", async () => {
  const ca = await makeCa();
  const { chainPem } = await ca.leaf(["a.example"]);
  const nowMs = Date.now();
  assert.equal(outOfTime(chainPem, "Cannot", nowMs), undefined);
  const late = outOfTime(chainPem, "Cannot", nowMs + 30 * 24 * 3_600_000);
  assert.deepEqual([late?.code, late?.message], [
    "tls_expired",
    "Cannot: its certificate has expired",
  ]);
  const early = outOfTime(chainPem, "Cannot", nowMs - 30 * 24 * 3_600_000);
  assert.deepEqual([early?.code, early?.message], [
    "tls_expired",
    "Cannot: its certificate is not valid yet",
  ]);
});

test("checkIpv6() finds an address however it is written", async () => {
  const ca = await makeCa();
  const { chainPem } = await ca.leaf(["2001:db8::1"]);
  const peer = { raw: new X509Certificate(chainPem).raw } as PeerCertificate;
  assert.equal(checkIpv6("2001:db8::1", peer), undefined);
  assert.equal(checkIpv6("2001:db8:0:0:0:0:0:1", peer), undefined);
  const error = checkIpv6("2001:db8::2", peer) as Error & { code: string };
  assert.equal(error.code, "ERR_TLS_CERT_ALTNAME_INVALID");
});
