/** @module */
import assert from "node:assert/strict";
import type { TunnelError } from "../../../lib/base/errors.ts";
import {
  allowsAddress,
  allowsHost,
  allowsLabel,
  allowsRandomAddress,
  checkRule,
} from "../../../lib/edge/acl.ts";
import { test } from "../../harness.ts";

test("S41 S42 S43 S44 S47 allowsHost() obeys each form of rule", () => {
  const table: [string[] | undefined, string, boolean][] = [
    [undefined, "any.example.com", true],
    [[], "any.example.com", false],
    [["bind:*"], "any.example.com", true],
    [["*"], "any.example.com", true],
    [["bind:foo.example.com"], "foo.example.com", true],
    [["bind:Foo.Example.com"], "foo.example.com", true],
    [["bind:foo.example.com"], "bar.example.com", false],
    [["bind:foo.example.com"], "a.foo.example.com", false],
    [["bind:*.example.com"], "foo.example.com", true],
    [["bind:*.example.com"], "a.b.example.com", true],
    [["bind:*.example.com"], "*.example.com", true],
    [["bind:*.example.com"], "example.com", false],
    [["bind:*.example.com"], "badexample.com", false],
    [["bind:foo.example.com", "bind:bar.example.com"], "bar.example.com", true],
    [["foo.example.com"], "foo.example.com", false],
  ];
  for (const [acl, host, expected] of table) {
    assert.equal(allowsHost(acl, host), expected, `${acl} and ${host}`);
  }
});

test("S40 allowsAddress() wants the whole address, allowsRandomAddress() the right to everything", () => {
  assert.equal(
    allowsAddress(["bind:tcp.example.com:2000"], "tcp.example.com", 2000),
    true,
  );
  assert.equal(
    allowsAddress(["bind:tcp.example.com:2000"], "tcp.example.com", 2001),
    false,
  );
  assert.equal(
    allowsAddress(["bind:tcp.example.com"], "tcp.example.com", 2000),
    false,
  );
  assert.equal(allowsAddress(["bind:*"], "tcp.example.com", 2000), true);
  assert.equal(allowsRandomAddress(undefined), true);
  assert.equal(allowsRandomAddress(["bind:*"]), true);
  assert.equal(allowsRandomAddress(["bind:*.example.com"]), false);
});

test("S45 S46 allowsLabel() compares label and value, either of which may be a wildcard", () => {
  assert.equal(allowsLabel(["bind:foo=bar"], "foo", "bar"), true);
  assert.equal(allowsLabel(["bind:foo=bar"], "foo", "baz"), false);
  assert.equal(allowsLabel(["bind:foo=bar"], "Foo", "bar"), false);
  assert.equal(allowsLabel(["bind:app=*"], "app", "x"), true);
  assert.equal(allowsLabel(["bind:app=*"], "web", "x"), false);
  assert.equal(allowsLabel(["bind:*=example"], "any", "example"), true);
  assert.equal(allowsLabel(["bind:foo.example.com"], "foo", "bar"), false);
  assert.equal(allowsLabel(["bind:*"], "foo", "bar"), true);
});

test("checkRule() accepts the documented forms and refuses others with 600", () => {
  const good = [
    "*",
    "bind:*",
    "bind:a.example.com",
    "bind:*.example.com",
    "bind:a=b",
    "bind:a=*",
  ];
  for (const rule of [...good, "bind:*=b", "bind:tcp.example.com:20000"]) {
    checkRule(rule);
  }
  for (
    const rule of [
      "",
      "bind:",
      "a.example.com",
      "bind:a b",
      "deny:*",
      "bind:a.*.b",
    ]
  ) {
    assert.throws(
      () => checkRule(rule),
      (error: TunnelError) => error.ngrokCode === 600,
      rule,
    );
  }
});
