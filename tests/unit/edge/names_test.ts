/** @module */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { TunnelError } from "../../../lib/base/errors.ts";
import { checkReachable, isUnder, normalizeHost, randomLabel } from "../../../lib/edge/names.ts";
import { test } from "../../harness.ts";

function codeOf(run: () => unknown): number | undefined {
  try {
    run();
  } catch (thrown) {
    assert.ok(thrown instanceof TunnelError, String(thrown));
    assert.equal(thrown.code, "refused");
    return thrown.ngrokCode;
  }
  return undefined;
}

const longLabel = "a".repeat(64);
const longName = `${"a".repeat(60)}.`.repeat(5) + "example";

const REFUSED: [string, number][] = [
  ["", 326],
  [".", 326],
  ["a b.example.com", 326],
  ["a/b.example.com", 326],
  ["a:b.example.com", 326],
  ["a.*.example.com", 326],
  ["x*.example.com", 326],
  ["*", 326],
  ["127.0.0.1", 326],
  ["a..example.com", 327],
  [".example.com", 327],
  ["-a.example.com", 328],
  ["a-.example.com", 329],
  ["example.com-", 329],
  ["ab--cd.example.com", 330],
  ["xn--a.example.com", 347],
  ["a_b.example.com", 355],
  [`${longLabel}.example.com`, 396],
  [longName, 397],
];

for (const [host, code] of REFUSED) {
  const shown = host.length > 40 ? `${host.slice(0, 20)}…` : host;
  test(`normalizeHost() refuses "${shown}" with ${code}`, () => {
    assert.equal(codeOf(() => normalizeHost(host)), code);
  });
}

const ACCEPTED: [string, string][] = [
  ["Foo.Example.COM", "foo.example.com"],
  ["foo.example.com.", "foo.example.com"],
  ["*.Foo.example.com", "*.foo.example.com"],
  ["bücher.example", "xn--bcher-kva.example"],
  ["xn--bcher-kva.example", "xn--bcher-kva.example"],
  ["a-b--c.example", "a-b--c.example"],
  ["1.2.tcp.example", "1.2.tcp.example"],
  ["localhost", "localhost"],
  [`${"a".repeat(63)}.example.com`, `${"a".repeat(63)}.example.com`],
];

for (const [host, normal] of ACCEPTED) {
  test(`normalizeHost() spells "${host.slice(0, 30)}" as "${normal.slice(0, 30)}"`, () => {
    assert.equal(normalizeHost(host), normal);
  });
}

test("normalizeHost() is idempotent and fails only with a refusal, whatever the text", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.domain()), (text) => {
    let once: string;
    try {
      once = normalizeHost(text);
    } catch (thrown) {
      assert.ok(
        thrown instanceof TunnelError && thrown.ngrokCode !== undefined,
      );
      return;
    }
    assert.equal(normalizeHost(once), once);
  }));
});

test("checkReachable() wants a whole public name, or one under a base domain", () => {
  assert.equal(codeOf(() => checkReachable("foo", ["example.com"])), 326);
  assert.equal(codeOf(() => checkReachable("foo.local", ["example.com"])), 331);
  assert.equal(codeOf(() => checkReachable("foo.local", ["local"])), undefined);
  assert.equal(
    codeOf(() => checkReachable("localhost", ["localhost"])),
    undefined,
  );
  assert.equal(
    codeOf(() => checkReachable("foo.test", ["example.com"])),
    undefined,
  );
});

test("isUnder() does not take a longer word for a subdomain", () => {
  assert.equal(isUnder("a.example.com", "example.com"), true);
  assert.equal(isUnder("example.com", "example.com"), true);
  assert.equal(isUnder("badexample.com", "example.com"), false);
});

test("randomLabel() gives valid labels that do not repeat", () => {
  const seen = new Set<string>();
  for (let round = 0; round < 500; round++) {
    const label = randomLabel();
    assert.match(label, /^[a-z]+-[a-z]+-[0-9a-f]{8}$/);
    assert.equal(normalizeHost(`${label}.example.com`), `${label}.example.com`);
    seen.add(label);
  }
  assert.equal(seen.size, 500);
});
