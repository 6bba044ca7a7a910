/** @module */
import assert from "node:assert/strict";
import { TunnelError } from "../../../lib/base/errors.ts";
import { readTermination, sameTermination } from "../../../lib/edge/tls_termination.ts";
import { makeCa } from "../../fakes/certs.ts";
import { test } from "../../harness.ts";

test("readTermination() passes a tls endpoint through that wishes nothing", () => {
  assert.equal(readTermination("tls", {}), undefined);
  assert.equal(
    readTermination("tls", { TLSTermination: null, MutualTLSAtEdge: null, MutualTLSAtAgent: true }),
    undefined,
  );
});

test("readTermination() ends TLS with the edge's own certificate when the wish is empty", () => {
  assert.deepEqual(readTermination("tls", { TLSTermination: {} }), {});
  assert.deepEqual(readTermination("tls", { tlstermination: { cert: "", key: "" } }), {});
});

test("readTermination() takes the certificate that the agent brought", async () => {
  const ca = await makeCa();
  const { chainPem, keyPem } = await ca.leaf(["a.test"]);
  assert.deepEqual(
    readTermination("tls", { TLSTermination: { cert: btoa(chainPem), key: btoa(keyPem) } }),
    { certificate: { chainPem, keyPem } },
  );
});

test("readTermination() checks visitors against every authority of the text", async () => {
  const [one, two] = [await makeCa("one"), await makeCa("two")];
  const module = { mutual_tls_ca: btoa(`two of them\n${one.caPem}${two.caPem}`) };
  const wanted = {
    clientAuth: "require_and_verify",
    clientRoots: [one.caPem.trim(), two.caPem.trim()],
  };
  assert.deepEqual(readTermination("https", { MutualTLSCA: module }), wanted);
  // Bytes that are passed on unseen would check nobody.
  assert.deepEqual(readTermination("tls", { MutualTLSAtEdge: module }), wanted);
});

test("readTermination() refuses to check certificates where visitors cannot present any", async () => {
  const { caPem } = await makeCa();
  for (const proto of ["http", "tcp", "tls"] as const) {
    assert.throws(
      () => readTermination(proto, { MutualTLSCA: { mutual_tls_ca: btoa(caPem) } }),
      (error: TunnelError) => error.code === "refused" && error.ngrokCode === 813,
    );
  }
});

test("readTermination() says which text of a bind is of no use", async () => {
  const ca = await makeCa();
  const { chainPem, keyPem } = await ca.leaf(["a.test"]);
  const cert = btoa(chainPem);
  const bad: [Record<string, unknown>, RegExp][] = [
    [{ TLSTermination: { cert } }, /the key of the certificate is missing/],
    [{ TLSTermination: { key: btoa(keyPem) } }, /the certificate is missing/],
    [{ TLSTermination: { cert: "%%%", key: "%%%" } }, /the certificate cannot be decoded/],
    [{ TLSTermination: { cert: btoa("DER"), key: btoa(keyPem) } }, /not in PEM form/],
    [{ TLSTermination: { cert, key: btoa("secret") } }, /the key .* is not in PEM form/],
    [
      { TLSTermination: { cert, key: btoa("-----BEGIN ENCRYPTED PRIVATE KEY-----") } },
      /the key .* is encrypted/,
    ],
    [{ MutualTLSAtEdge: { mutual_tls_ca: btoa("nobody") } }, /authorities .* not in PEM form/],
    [{ MutualTLSAtEdge: { mutual_tls_ca: "é" } }, /authorities .* cannot be decoded/],
  ];
  for (const [options, found] of bad) {
    assert.throws(() => readTermination("tls", options), (error: TunnelError) => {
      assert.ok(error instanceof TunnelError);
      assert.match(error.message, /^Cannot terminate TLS: /);
      assert.match(error.message, found);
      assert.ok(!error.message.includes("secret"));
      return error.ngrokCode === 301;
    });
  }
});

test("sameTermination() tells endpoints apart that check visitors otherwise", async () => {
  const [one, two] = [await makeCa("one"), await makeCa("two")];
  const of = (pem: string) =>
    readTermination("https", { MutualTLSCA: { mutual_tls_ca: btoa(pem) } });
  assert.ok(sameTermination(undefined, undefined));
  assert.ok(sameTermination(of(one.caPem), of(one.caPem)));
  assert.ok(!sameTermination(of(one.caPem), of(two.caPem)));
  assert.ok(!sameTermination(of(one.caPem), undefined));
  assert.ok(!sameTermination(readTermination("tls", { TLSTermination: {} }), undefined));
});
