import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import {
  type AddressFault,
  formatHostPort,
  isIpv6,
  parseHostName,
  parseHostPort,
  parsePort,
} from "../../../lib/agent/address.ts";

let fault: AddressFault | undefined;

function error(reason: string, which: AddressFault): TunnelError {
  fault = which;
  return new TunnelError("address_invalid", reason);
}

test("parseHostPort() takes each form apart", () => {
  assert.deepEqual(parseHostPort("h", error), { host: "h", port: undefined });
  assert.deepEqual(parseHostPort("h:1", error), { host: "h", port: 1 });
  assert.deepEqual(parseHostPort(":1", error), { host: "", port: 1 });
  assert.deepEqual(parseHostPort("[::1]", error), {
    host: "::1",
    port: undefined,
  });
  assert.deepEqual(parseHostPort("[::1]:1", error), { host: "::1", port: 1 });
});

test("parsePort() and parseHostName() say which half is wrong", () => {
  assert.throws(() => parsePort("x", error), /not a number/);
  assert.equal(fault, "port");
  assert.throws(() => parseHostName("a b", error), /not a host name/);
  assert.equal(fault, "host");
  assert.throws(() => parseHostName("a".repeat(64), error));
  assert.throws(() => parseHostName(`${"a.".repeat(130)}a`, error));
  assert.equal(parseHostName("A.b.", error), "a.b");
});

test("isIpv6() knows zones and dotted tails, and no IPv4", () => {
  for (
    const good of [
      "::",
      "::1",
      "2001:db8::123.123.123.123",
      "fe80::1%eth0",
      "1:2:3:4:5:6:7:8",
    ]
  ) {
    assert.equal(isIpv6(good), true, good);
  }
  for (
    const bad of [
      "",
      "1.2.3.4",
      ":",
      "::1::",
      "1:2:3",
      "g::",
      "fe80::1%",
      "::1%a b",
      "::1]",
    ]
  ) {
    assert.equal(isIpv6(bad), false, bad);
  }
});

test("formatHostPort() puts brackets round IPv6 alone", () => {
  assert.equal(formatHostPort("::1", 80), "[::1]:80");
  assert.equal(formatHostPort("1.2.3.4", 80), "1.2.3.4:80");
});
