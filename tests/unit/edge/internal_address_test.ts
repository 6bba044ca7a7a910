/** @module */
import assert from "node:assert/strict";
import type { TunnelError } from "../../../lib/base/errors.ts";
import type { EndpointProto } from "../../../lib/edge/endpoint.ts";
import {
  bindingOf,
  type EndpointBinding,
  internalAddress,
  isInternalHost,
} from "../../../lib/edge/internal_address.ts";
import { test } from "../../harness.ts";

test("internalAddress() reads names and ports as each client says them", () => {
  const table: [EndpointProto, Record<string, unknown>, string, number][] = [
    ["https", { URL: "https://api.internal" }, "api.internal", 443],
    ["http", { URL: "http://api.internal" }, "api.internal", 80],
    ["tls", { Domain: "api.internal" }, "api.internal", 443],
    ["https", { Hostname: "API.Internal" }, "api.internal", 443],
    ["https", { URL: "https://api.internal:9000" }, "api.internal", 9000],
    ["tcp", { Addr: "db.internal:5432" }, "db.internal", 5432],
    ["tcp", { URL: "tcp://db.internal:5432", Addr: "" }, "db.internal", 5432],
    ["https", { URL: "https://*.api.internal" }, "*.api.internal", 443],
    ["https", { URL: "https://", Hostname: "a.b.c.d.e.internal" }, "a.b.c.d.e.internal", 443],
  ];
  for (const [proto, options, host, port] of table) {
    assert.deepEqual(internalAddress(proto, options), { host, port }, JSON.stringify(options));
  }
});

const REFUSED: [EndpointProto, Record<string, unknown>, number][] = [
  ["https", {}, 9028],
  ["https", { URL: "https://" }, 9028],
  ["tcp", { URL: "tcp://" }, 9028],
  ["https", { URL: "https://:9000" }, 9028],
  ["https", { URL: "https://shop.example.com" }, 9029],
  ["https", { URL: "https://internal" }, 9029],
  ["https", { URL: "https://api.internal:0" }, 9030],
  ["https", { URL: "https://api.internal:70000" }, 9030],
  ["https", { URL: "https://a.b.c.d.e.f.internal" }, 9031],
  ["https", { URL: "https://api.internal:x" }, 9033],
  ["tcp", { URL: "tcp://db.internal" }, 9035],
  ["https", { URL: "http://api.internal" }, 9036],
  ["https", { URL: "https://api.internal/x" }, 9037],
  ["https", { URL: "https://api.internal/" }, 9038],
  ["https", { URL: "https://a_b.internal" }, 355],
];

for (const [proto, options, code] of REFUSED) {
  test(`internalAddress() refuses ${proto} ${JSON.stringify(options)} with ${code}`, () => {
    assert.throws(
      () => internalAddress(proto, options),
      (error: TunnelError) => error.code === "refused" && error.ngrokCode === code,
    );
  });
}

test("bindingOf() takes the binding that is named, else the one that the name says", () => {
  const table: [EndpointBinding | undefined, Record<string, unknown>, EndpointBinding][] = [
    [undefined, {}, "public"],
    [undefined, { URL: "https://shop.example.com" }, "public"],
    [undefined, { URL: "https://internal.example.com" }, "public"],
    [undefined, { URL: "https://shopinternal" }, "public"],
    [undefined, { URL: "https://api.internal" }, "internal"],
    [undefined, { Domain: "api.INTERNAL" }, "internal"],
    [undefined, { Addr: "db.internal:5432" }, "internal"],
    [undefined, { URL: "https://internal" }, "internal"],
    ["public", { URL: "https://shop.example.com" }, "public"],
    ["internal", { URL: "https://shop.example.com" }, "internal"],
    ["internal", {}, "internal"],
  ];
  for (const [named, options, expected] of table) {
    assert.equal(bindingOf(named, options), expected, JSON.stringify([named, options]));
  }
  assert.throws(
    () => bindingOf("public", { URL: "https://api.internal:8080" }),
    (error: TunnelError) => error.ngrokCode === 331,
  );
});

test("isInternalHost() is about the last part", () => {
  assert.ok(isInternalHost("a.internal") && isInternalHost("*.a.internal"));
  assert.ok(!isInternalHost("internal") && !isInternalHost("internal.example.com"));
});
