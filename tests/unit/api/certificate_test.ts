import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { checkAuthority, checkCertificate } from "../../../lib/api/certificate.ts";
import { formatPem } from "../../../lib/edge/certificates/pem.ts";
import type { ApiProblem } from "../../../lib/api/problem.ts";
import { test } from "../../harness.ts";
import { issue } from "./x509_kit.ts";

const code = (ngrokCode: number) => (error: ApiProblem) => {
  assert.equal(error.ngrokCode, ngrokCode, error.message);
  return true;
};

test("checkCertificate() tells what the leaf says", async () => {
  const ca = await issue({ ca: true, subject: "CN=Example CA" });
  const leaf = await issue({
    signer: ca,
    subject: "CN=shop.example.com, O=Acme, OU=Shop, L=Bern, ST=BE, C=CH",
    dns: ["shop.example.com", "*.shop.example.com"],
    ips: ["192.0.2.1"],
    serial: "0a1b2c",
  });
  const { facts, privateKeyPem } = await checkCertificate(leaf.certPem + ca.certPem, leaf.keyPem);
  assert.deepEqual(facts, {
    subject_common_name: "shop.example.com",
    subject_alternative_names: {
      dns_names: ["shop.example.com", "*.shop.example.com"],
      ips: ["192.0.2.1"],
    },
    not_before: "2026-01-01T00:00:00Z",
    not_after: "2030-01-01T00:00:00Z",
    key_usages: ["digitalSignature"],
    extended_key_usages: ["serverAuth", "1.2.3.4"],
    private_key_type: "ecdsa",
    issuer_common_name: "Example CA",
    serial_number: "0a1b2c",
    subject_organization: "Acme",
    subject_organizational_unit: "Shop",
    subject_locality: "Bern",
    subject_province: "BE",
    subject_country: "CH",
  });
  assert.equal(privateKeyPem, leaf.keyPem);
});

test("checkCertificate() takes every kind of key, in every form", async () => {
  for (
    const [kind, type] of [["rsa", "rsa"], ["P-384", "ecdsa"], ["Ed25519", "ed25519"]] as const
  ) {
    const { certPem, keyPem } = await issue({ kind });
    const forms = [keyPem];
    const key = createPrivateKey(keyPem);
    if (kind === "rsa") forms.push(String(key.export({ type: "pkcs1", format: "pem" })));
    if (kind === "P-384") forms.push(String(key.export({ type: "sec1", format: "pem" })));
    for (const form of forms) {
      const { facts, privateKeyPem } = await checkCertificate(certPem, form);
      assert.equal(facts.private_key_type, type);
      assert.match(privateKeyPem, /^-----BEGIN PRIVATE KEY-----/);
    }
  }
});

test("checkCertificate() refuses what does not belong together", async () => {
  const ca = await issue({ ca: true, subject: "CN=Example CA" });
  const leaf = await issue({ signer: ca });
  const other = await issue();
  const rsa = await issue({ kind: "rsa" });
  const { certPem, keyPem } = leaf;
  const encrypted = formatPem("ENCRYPTED PRIVATE KEY", leaf.keyDer);
  const legacy = formatPem("RSA PRIVATE KEY", leaf.keyDer)
    .replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\n\n");
  const cases: readonly (readonly [string, string, string, number])[] = [
    ["no certificate", " ", keyPem, 1919],
    ["no PEM", "hello", keyPem, 1920],
    ["a key as certificate", keyPem, keyPem, 1925],
    ["something else", formatPem("PUBLIC KEY", leaf.keyDer), keyPem, 1911],
    ["headers", certPem.replace("TE-----\n", "TE-----\nA: b\n\n"), keyPem, 1910],
    ["damaged", formatPem("CERTIFICATE", leaf.keyDer.slice(0, 40)), keyPem, 1900],
    ["too long", certPem + " ".repeat(65_536), keyPem, 1921],
    ["no key", certPem, "", 1901],
    ["a certificate as key", certPem, certPem, 1924],
    ["encrypted", certPem, encrypted, 1902],
    ["encrypted as of old", certPem, legacy, 1902],
    ["no known key", certPem, formatPem("PRIVATE KEY", new Uint8Array([0x30, 0])), 1903],
    ["damaged key", certPem, formatPem("PRIVATE KEY", leaf.keyDer.slice(0, 40)), 1903],
    ["another's key", certPem, other.keyPem, 1923],
    ["another kind of key", certPem, rsa.keyPem, 1923],
    ["a chain in the wrong order", certPem + other.certPem, keyPem, 1926],
  ];
  for (const [what, certificate, key, ngrokCode] of cases) {
    await assert.rejects(checkCertificate(certificate, key), code(ngrokCode), what);
  }
});

test("checkAuthority() takes one authority and nothing else", async () => {
  const ca = await issue({ ca: true, subject: "CN=Example CA" });
  assert.deepEqual(await checkAuthority(ca.certPem), {
    subject_common_name: "Example CA",
    not_before: "2026-01-01T00:00:00Z",
    not_after: "2030-01-01T00:00:00Z",
    key_usages: ["keyCertSign"],
    extended_key_usages: [],
  });
  const leaf = await issue({ signer: ca });
  await assert.rejects(checkAuthority(leaf.certPem), code(1913));
  await assert.rejects(checkAuthority(ca.certPem + ca.certPem), code(1912));
  await assert.rejects(checkAuthority(""), code(1919));
  await assert.rejects(checkAuthority(ca.keyPem), code(1925));
});
