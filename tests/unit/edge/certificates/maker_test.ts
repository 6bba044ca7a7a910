/** @module */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { issueLeaf, makeAuthority } from "../../../../lib/edge/certificates/maker.ts";
import { test } from "../../../harness.ts";

test("issueLeaf() signs a leaf that is no authority, for names, wildcards and addresses", async () => {
  const nowMs = Date.now();
  const authority = await makeAuthority(nowMs);
  const names = ["connect.example.com", "*.example.com", "127.0.0.1", "::1"];
  const leaf = await issueLeaf(authority, names, nowMs);
  const ca = new X509Certificate(authority.certPem);
  const cert = new X509Certificate(leaf.chainPem);
  assert.equal(ca.ca, true);
  assert.equal(cert.ca, false);
  assert.ok(cert.verify(ca.publicKey));
  assert.ok(cert.checkIssued(ca));
  assert.ok(cert.checkHost("connect.example.com"));
  assert.equal(cert.checkHost("example.com"), undefined);
  assert.match(cert.subjectAltName ?? "", /DNS:\*\.example\.com/);
  assert.ok(cert.checkIP("127.0.0.1"));
  assert.ok(cert.checkIP("::1"));
  assert.equal(cert.checkIP("127.0.0.2"), undefined);
  assert.match(leaf.keyPem, /^-----BEGIN PRIVATE KEY-----\n[^]+\n-----END PRIVATE KEY-----\n$/);
});

test("issueLeaf() says when the leaf ends, and means it", async () => {
  const nowMs = Date.UTC(2030, 0, 15, 12, 0, 0, 500);
  const leaf = await issueLeaf(await makeAuthority(nowMs), ["a.example.com"], nowMs);
  const cert = new X509Certificate(leaf.chainPem);
  assert.equal(Date.parse(cert.validTo), leaf.notAfterMs);
  assert.equal(Date.parse(cert.validFrom), Date.UTC(2030, 0, 14, 12, 0, 0));
  assert.equal(leaf.notAfterMs, Date.UTC(2030, 3, 15, 12, 0, 0));
});

test("issueLeaf() takes names longer than a common name may be", async () => {
  const name = `${"a".repeat(60)}.${"b".repeat(60)}.example.com`;
  const leaf = await issueLeaf(await makeAuthority(0), [name], 0);
  assert.ok(new X509Certificate(leaf.chainPem).checkHost(name));
});

test("makeAuthority() never makes the same authority twice", async () => {
  const [one, two] = [await makeAuthority(0), await makeAuthority(0)];
  const [a, b] = [new X509Certificate(one.certPem), new X509Certificate(two.certPem)];
  assert.notEqual(a.serialNumber, b.serialNumber);
  assert.notEqual(a.subject, b.subject);
  assert.notEqual(one.keyPem, two.keyPem);
});
