/** @module */
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import {
  derElements,
  ecdsaFromDer,
  publicKeyOfCertificate,
} from "../../../../../lib/policy/actions/webhooks/der.ts";
import { test } from "../../../../harness.ts";
import { certificateFor } from "./x509.ts";

test("ecdsaFromDer() gives the two numbers that were signed", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  for (let i = 0; i < 40; i++) {
    const data = new Uint8Array([i]);
    const der = sign("sha256", data, privateKey);
    assert.equal(ecdsaFromDer(der, 32)?.length, 64);
  }
  assert.deepEqual(
    ecdsaFromDer(new Uint8Array([0x30, 7, 2, 2, 0, 0x80, 2, 1, 5]), 2),
    new Uint8Array([0, 0x80, 0, 5]),
  );
  for (
    const bad of [[], [0x30, 0], [0x30, 3, 2, 1, 1], [0x30, 6, 2, 1, 1, 3, 1, 1], [
      0x30,
      7,
      2,
      2,
      1,
      1,
      2,
      1,
      1,
    ]]
  ) {
    assert.equal(ecdsaFromDer(new Uint8Array(bad), 1), undefined);
  }
});

test("derElements() never fails and never reads beyond its bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    const elements = derElements(bytes) ?? [];
    const length = elements.reduce((sum, element) => sum + element.whole.length, 0);
    assert.ok(elements.length === 0 || length === bytes.length);
  }));
  assert.equal(derElements(new Uint8Array([0x30, 0x80])), undefined);
  assert.equal(derElements(new Uint8Array([0x1f, 1, 0])), undefined);
});

test("publicKeyOfCertificate() finds the key of a real certificate", async () => {
  const { pem, spki } = await certificateFor();
  assert.deepEqual(publicKeyOfCertificate(pem), spki);
  assert.equal(publicKeyOfCertificate("no certificate"), undefined);
  const empty = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----";
  assert.equal(publicKeyOfCertificate(empty), undefined);
});
