/** @module */
import assert from "node:assert/strict";
import { parseWith } from "../../../../lib/base/schema.ts";
import {
  acmeOptionsSchema,
  directoryOf,
  provingWays,
} from "../../../../lib/edge/certificates/acme_options.ts";
import { test } from "../../../harness.ts";

const both = { hasHttp: true, hasHttps: true, runtime: "bun" };

test("provingWays() takes what doors, runtime and command can do, the best first", () => {
  assert.deepEqual(provingWays({}, both), ["http-01", "tls-alpn-01"]);
  assert.deepEqual(provingWays({}, { ...both, runtime: "deno" }), ["http-01"]);
  assert.deepEqual(provingWays({ dnsHook: "x" }, { ...both, hasHttp: false }), [
    "tls-alpn-01",
    "dns-01",
  ]);
  assert.deepEqual(provingWays({ dnsHook: "x", challenges: ["dns-01"] }, both), ["dns-01"]);
});

test("provingWays() says which way cannot be gone, and why", () => {
  const deno = { ...both, runtime: "deno" };
  assert.throws(() => provingWays({ challenges: ["tls-alpn-01"] }, deno), /Deno refuses/);
  assert.throws(() => provingWays({ challenges: ["dns-01"] }, both), /no command for DNS/);
  assert.throws(() => provingWays({}, { ...deno, hasHttp: false }), /in no way/);
});

test("directoryOf() is Let's Encrypt, its staging, or what the operator says", () => {
  assert.match(directoryOf({}), /^https:\/\/acme-v02\./);
  assert.match(directoryOf({ staging: true }), /staging/);
  assert.equal(
    directoryOf({ staging: true, directoryUrl: "https://ca.test/" }),
    "https://ca.test/",
  );
});

test("acmeOptionsSchema refuses what it does not know", () => {
  const read = (value: unknown) => parseWith(acmeOptionsSchema, value, "the options");
  assert.deepEqual(read({ email: "a@b.example", agreeTerms: true }), {
    email: "a@b.example",
    agreeTerms: true,
  });
  for (const wrong of [{ mail: "x" }, { email: "x" }, { directoryUrl: "x" }, { keyType: "dsa" }]) {
    assert.throws(() => read(wrong), { code: "config_invalid" });
  }
});
