/** @module */
import assert from "node:assert/strict";
import { option } from "../../../lib/edge/bind_option.ts";
import { test } from "../../harness.ts";

test("option() finds an option in whatever case the peer spells it", () => {
  assert.equal(option({ ProxyProto: 2 }, "ProxyProto"), 2);
  assert.equal(option({ proxyproto: 1 }, "ProxyProto"), 1);
  assert.equal(option({ LocalUrlScheme: "file" }, "LocalURLScheme"), "file");
  assert.equal(option({ Other: 1 }, "ProxyProto"), undefined);
});

test("option() prefers the spelling it was asked for", () => {
  assert.equal(option({ proxyproto: 1, ProxyProto: 2 }, "ProxyProto"), 2);
});
