import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import {
  algorithmOf,
  formatPem,
  pkcs8OfPkcs1,
  pkcs8OfSec1,
  readPem,
} from "../../../../lib/edge/certificates/pem.ts";
import { test } from "../../../harness.ts";
import { issue } from "../../api/x509_kit.ts";

test("readPem() reads what formatPem() wrote, and skips what stands between", () => {
  const der = crypto.getRandomValues(new Uint8Array(100));
  const text = `subject: me\n${formatPem("A B", der)}\nand\n${formatPem("C", der)}`;
  assert.deepEqual(readPem(text), [
    { label: "A B", der, headers: "" },
    { label: "C", der, headers: "" },
  ]);
  assert.deepEqual(readPem(text.replaceAll("\n", "\r\n"))?.length, 2);
  assert.deepEqual(readPem("no pem"), []);
});

test("readPem() gives headers, and nothing of what is damaged", () => {
  const block =
    "-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: A,B\n\nAAAA\n-----END X-----\n";
  assert.equal(readPem(block)?.[0].headers, "Proc-Type: 4,ENCRYPTED\nDEK-Info: A,B");
  const wrong = [
    "-----BEGIN X-----\nAAAA\n-----END Y-----\n",
    "-----BEGIN X-----\n!!!!\n-----END X-----\n",
    "-----BEGIN X-----\n\n-----END X-----\n",
    "-----BEGIN X-----\nA===\n-----END X-----\n",
  ];
  for (const text of wrong) assert.equal(readPem(text), undefined, text);
});

test("pkcs8OfPkcs1() and pkcs8OfSec1() make what the runtime makes of the same key", async () => {
  const rsa = await issue({ kind: "rsa" });
  const pkcs1 = createPrivateKey(rsa.keyPem).export({ type: "pkcs1", format: "der" });
  assert.deepEqual(pkcs8OfPkcs1(new Uint8Array(pkcs1)), rsa.keyDer);
  for (const kind of ["P-256", "P-384"] as const) {
    const { keyPem } = await issue({ kind });
    const sec1 = createPrivateKey(keyPem).export({ type: "sec1", format: "der" });
    const pkcs8 = pkcs8OfSec1(new Uint8Array(sec1))!;
    const algorithm = { name: "ECDSA", namedCurve: kind };
    await crypto.subtle.importKey("pkcs8", new Uint8Array(pkcs8), algorithm, false, ["sign"]);
    assert.deepEqual(algorithmOf(pkcs8), { ...algorithm, hash: "SHA-256" });
  }
  assert.equal(pkcs8OfSec1(new Uint8Array([0x30, 3, 2, 1, 1])), undefined);
  assert.equal(pkcs8OfSec1(new Uint8Array([])), undefined);
});

test("algorithmOf() tells the kinds of keys apart, and gives up on the rest", async () => {
  const cases = [
    ["rsa", { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }],
    ["P-256", { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }],
    ["Ed25519", { name: "Ed25519" }],
  ] as const;
  for (const [kind, algorithm] of cases) {
    const { keyDer, certificate } = await issue({ kind });
    assert.deepEqual(algorithmOf(keyDer), algorithm);
    assert.deepEqual(algorithmOf(new Uint8Array(certificate.publicKey.rawData)), algorithm);
    for (let cut = 0; cut < 20; cut++) algorithmOf(keyDer.slice(0, cut));
  }
  assert.equal(algorithmOf(new Uint8Array([0x30, 0x84, 1, 1, 1, 1])), undefined);
  assert.equal(algorithmOf(new Uint8Array([0x30, 0])), undefined);
});
