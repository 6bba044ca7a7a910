/** @module */
import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { coversName, evenHex, pairUp, readLeaf } from "../../../../lib/edge/certificates/x509.ts";
import { makeCa } from "../../../fakes/certs.ts";
import { test } from "../../../harness.ts";
import { issue } from "../../api/x509_kit.ts";

test("readLeaf() reads names, times, number and signer", async () => {
  const ca = await makeCa("The signer");
  const leaf = await ca.leaf(["Shop.example.com", "*.example.com", "127.0.0.1"]);
  const facts = await readLeaf(leaf.chainPem + ca.caPem);
  assert.deepEqual(facts.names, ["shop.example.com", "*.example.com", "127.0.0.1"]);
  assert.equal(facts.issuer, "The signer");
  assert.ok(facts.notAfterMs > facts.notBeforeMs);
  assert.match(facts.serial, /^([0-9a-f]{2}){12}$/);
  assert.match(facts.authorityKeyId ?? "", /^[0-9a-f]{40}$/);
});

test("readLeaf() says what it cannot read", async () => {
  await assert.rejects(readLeaf("nothing"), { code: "config_invalid" });
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  await assert.rejects(readLeaf(broken), { code: "config_invalid" });
});

test("pairUp() takes every form of key, and no key of another certificate", async () => {
  const leaf = await issue({ kind: "P-256" });
  const sec1 = createPrivateKey(leaf.keyPem).export({ type: "sec1", format: "pem" }) as string;
  const pair = await pairUp(leaf.certPem, sec1);
  assert.match(pair.keyPem, /BEGIN PRIVATE KEY/);
  const rsa = await issue({ kind: "rsa" });
  const pkcs1 = createPrivateKey(rsa.keyPem).export({ type: "pkcs1", format: "pem" }) as string;
  assert.match((await pairUp(rsa.certPem, pkcs1)).keyPem, /BEGIN PRIVATE KEY/);
  await assert.rejects(pairUp(leaf.certPem, rsa.keyPem), /not that of the certificate/);
  await assert.rejects(pairUp(leaf.certPem, "nothing"), /no private key/);
});

test("coversName() goes one label deep", () => {
  assert.ok(coversName("a.example", "a.example"));
  assert.ok(coversName("*.a.example", "b.a.example"));
  assert.ok(!coversName("*.a.example", "a.example"));
  assert.ok(!coversName("*.a.example", ".a.example"));
});

test("evenHex() gives two digits a byte", () => {
  assert.equal(evenHex("ABC"), "0abc");
});
