/** @module */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { isSignedVersion1 } from "../../../lib/runtime/node_version1.ts";
import { makeCa } from "../../fakes/certs.ts";
import { test } from "../../harness.ts";

function vector(name: string): string {
  return readFileSync(new URL(`../../vectors/tls/${name}`, import.meta.url), "utf8");
}

const CA = vector("ca.pem");
const VALID_MS = Date.parse("2030-01-01T00:00:00Z");

function isSigned(pem: string, roots = [CA], nowMs = VALID_MS): boolean {
  return isSignedVersion1(new X509Certificate(pem), roots, nowMs);
}

test("isSignedVersion1() takes a certificate of version 1 that an authority signed", async () => {
  const version1 = vector("version1.pem");
  assert.equal(isSigned(version1), true);
  const other = await makeCa("clients");
  assert.equal(isSigned(version1, [`${other.caPem}\n${CA}`]), true);
  assert.equal(isSigned(version1, [other.caPem]), false, "the same name, another key");
  assert.equal(isSigned(version1, []), false);
});

test("isSignedVersion1() takes no certificate before or after its time", () => {
  const version1 = vector("version1.pem");
  assert.equal(isSigned(version1, [CA], Date.parse("2019-01-01")), false);
  assert.equal(isSigned(version1, [CA], Date.parse("2200-01-01")), false);
});

test("isSignedVersion1() takes nothing of version 3, nothing signed with SHA-1, no authority that is none", () => {
  assert.equal(isSigned(vector("version3.pem")), false);
  assert.equal(isSigned(CA), false);
  assert.equal(isSigned(vector("version1_sha1.pem")), false);
  assert.equal(isSigned(vector("version1.pem"), [vector("version3.pem")]), false);
});
