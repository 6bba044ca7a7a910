import assert from "node:assert/strict";
import fc from "fast-check";
import { admits, covers, formatCidr, lowest, parseCidr } from "../../../lib/http/cidr.ts";
import { formatIp } from "../../../lib/http/ip_address.ts";
import { test } from "../../harness.ts";

test("parseCidr() reads both families, and nothing that only looks like a range", () => {
  for (const text of ["0.0.0.0/0", "192.0.2.0/24", "192.0.2.1/32", "::/0", "2001:db8::/128"]) {
    assert.equal(formatCidr(parseCidr(text)!), text);
  }
  const wrong = ["", "/", "192.0.2.1", "192.0.2.0/33", "192.0.2.0/024", "192.0.2/24", "::/129"];
  for (const text of [...wrong, "::1", "a/8", "192.0.2.0/-1", "192.0.2.0/24 ", "[::]/0"]) {
    assert.equal(parseCidr(text), undefined, text);
  }
});

test("lowest() clears what is behind the prefix", () => {
  const cases = [
    ["192.0.2.255/24", "192.0.2.0/24"],
    ["192.0.2.255/25", "192.0.2.128/25"],
    ["255.255.255.255/0", "0.0.0.0/0"],
    ["192.0.2.1/32", "192.0.2.1/32"],
    ["2001:db8:ffff::1/33", "2001:db8:8000::/33"],
  ];
  for (const [given, low] of cases) assert.equal(formatCidr(lowest(parseCidr(given)!)), low);
});

test("covers() compares the prefix and nothing else", () => {
  const address = fc.uint8Array({ minLength: 4, maxLength: 4 });
  fc.assert(fc.property(address, address, fc.nat(32), (a, b, bits) => {
    const same = bits === 0 ||
      toNumber(a) >> BigInt(32 - bits) === toNumber(b) >> BigInt(32 - bits);
    assert.equal(covers({ bytes: a, bits }, formatIp(b)), same);
  }));
});

test("covers() takes an IPv4 address in IPv6 clothes for what it is", () => {
  assert.ok(covers(parseCidr("192.0.2.0/24")!, "::ffff:192.0.2.9"));
  assert.ok(covers(parseCidr("::ffff:192.0.2.0/120")!, "192.0.2.9"));
  assert.ok(!covers(parseCidr("::/0")!, "192.0.2.9"));
  assert.ok(!covers(parseCidr("0.0.0.0/0")!, "2001:db8::1"));
  assert.ok(!covers(parseCidr("0.0.0.0/0")!, "no address"));
});

test("admits() wants one rule that allows and none that denies", () => {
  const allow = { cidr: "192.0.2.0/24", action: "allow" } as const;
  const deny = { cidr: "192.0.2.64/26", action: "deny" } as const;
  assert.ok(!admits([], "192.0.2.1"));
  assert.ok(admits([allow], "192.0.2.1"));
  assert.ok(!admits([allow], "198.51.100.1"));
  assert.ok(admits([allow, deny], "192.0.2.1"));
  assert.ok(!admits([allow, deny], "192.0.2.65"));
  assert.ok(!admits([deny, allow], "192.0.2.65"));
  assert.ok(!admits([deny], "192.0.2.1"));
});

function toNumber(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
