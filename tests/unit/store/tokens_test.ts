import assert from "node:assert/strict";
import { ksuid } from "../../../lib/base/ids.ts";
import { isTokenShaped, makeToken, sameHash, tokenKeys } from "../../../lib/store/tokens.ts";
import { test } from "../../harness.ts";

test("makeToken() joins the name and 24 characters that nobody can guess", () => {
  const name = ksuid(1_700_000_000_000);
  const tokens = new Set(Array.from({ length: 100 }, () => makeToken(name)));
  assert.equal(tokens.size, 100);
  for (const token of tokens) {
    assert.ok(token.startsWith(`${name}_`));
    assert.match(token, /^[0-9A-Za-z]{27}_[0-9A-Za-z]{24}$/);
    assert.ok(isTokenShaped(token));
  }
});

test("tokenKeys() finds by the first part and proves by the hash of the whole", async () => {
  const a = await tokenKeys("2aBcDeFgHiJkLmNoPqRsTuVwXyZ_secretsecretsecret000001");
  const b = await tokenKeys("2aBcDeFgHiJkLmNoPqRsTuVwXyZ_secretsecretsecret000002");
  assert.equal(a.lookup, b.lookup);
  assert.notEqual(a.sha256, b.sha256);
  assert.equal(
    (await tokenKeys("abc")).sha256,
    // FIPS 180-4, the first example
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

test("tokenKeys() finds a token of an unusual form by the start of its hash", async () => {
  const { lookup, sha256 } = await tokenKeys("what-an-operator-chose");
  assert.equal(lookup, sha256.slice(0, 27));
  assert.ok(!isTokenShaped("what-an-operator-chose"));
});

test("sameHash() tells equal texts from all others", () => {
  assert.ok(sameHash("abcd", "abcd"));
  for (const other of ["abce", "bbcd", "abc", "abcde", ""]) assert.ok(!sameHash("abcd", other));
});
