/** @module */
import assert from "node:assert/strict";
import type { TunnelError } from "../../../lib/base/errors.ts";
import {
  DEFAULT_EDGE_LIMITS,
  type EdgeOptions,
  isLoopback,
  resolveEdgeOptions,
} from "../../../lib/edge/config.ts";
import { test } from "../../harness.ts";

test("resolveEdgeOptions() fills in what was not said, on loopback", () => {
  const config = resolveEdgeOptions({ http: { port: 8080 } });
  assert.deepEqual(config.domains, ["localhost"]);
  assert.deepEqual(config.http, { host: "127.0.0.1", port: 8080 });
  assert.deepEqual(config.tcp, { host: "127.0.0.1", range: undefined });
  assert.deepEqual(config.limits, DEFAULT_EDGE_LIMITS);
  assert.equal(config.embedded, false);
  assert.equal(config.dataDir, undefined);
});

test("resolveEdgeOptions() puts the API door on loopback unless told otherwise", () => {
  const config = resolveEdgeOptions({ http: { port: 0 }, api: { port: 4041 } });
  assert.deepEqual(config.api, { host: "127.0.0.1", port: 4041 });
  assert.equal(config.requireReservations, undefined);
  const open = resolveEdgeOptions({ http: { port: 0 }, requireReservations: false });
  assert.equal(open.requireReservations, false);
});

test("resolveEdgeOptions() takes one domain or several, in any spelling", () => {
  const { domains } = resolveEdgeOptions({ domain: "Example.COM.", http: { port: 0 } });
  assert.deepEqual(domains, ["example.com"]);
  const many = resolveEdgeOptions({ domain: ["a.example", "bücher.example"], http: { port: 0 } });
  assert.deepEqual(many.domains, ["a.example", "xn--bcher-kva.example"]);
});

test("resolveEdgeOptions() listens for tcp where it listens for http", () => {
  const http = { host: "", port: 80 };
  const tcpPorts = { from: 20000, to: 20999 };
  assert.deepEqual(resolveEdgeOptions({ http, tcpPorts }).tcp, { host: "", range: tcpPorts });
  assert.equal(resolveEdgeOptions({ http, tcpHost: "::1" }).tcp?.host, "::1");
  assert.equal(resolveEdgeOptions({ http, tcpPorts: "none" }).tcp, undefined);
  assert.equal(resolveEdgeOptions({ https: { host: "::", port: 443 } }).tcp?.host, "::");
});

test("resolveEdgeOptions() changes only the limits that were given", () => {
  const { limits } = resolveEdgeOptions({
    http: { port: 0 },
    limits: { maxStreamsRust: 100, authMs: undefined },
  });
  assert.deepEqual(limits, { ...DEFAULT_EDGE_LIMITS, maxStreamsRust: 100 });
});

const WRONG: [string, unknown, RegExp][] = [
  ["no door at all", { tcpPorts: "none" }, /no door for visitors/],
  ["an unknown option", { htpp: { port: 80 } }, /unknown key "htpp"/],
  ["an unknown limit", { http: { port: 0 }, limits: { maxFun: 1 } }, /unknown key "limits.maxFun"/],
  ["a port that is none", { http: { port: 65_536 } }, /"http.port"/],
  ["a port that is text", { http: { port: "80" } }, /"http.port"/],
  ["a negative limit", { http: { port: 0 }, limits: { authMs: -1 } }, /"limits.authMs"/],
  ["a range that is upside down", { tcpPorts: { from: 2, to: 1 } }, /lower port comes first/],
  [
    "a wildcard for a domain",
    { domain: "*.example.com", http: { port: 0 } },
    /"\*\.example\.com" is no domain/,
  ],
  ["an address for a domain", { domain: "127.0.0.1", http: { port: 0 } }, /is no domain/],
  ["a domain with an underscore", { domain: "a_b.c", http: { port: 0 } }, /"a_b\.c" is no domain/],
  ["no domain in a list", { domain: [], http: { port: 0 } }, /"domain"/],
  [
    "an embedded edge for everybody",
    { embedded: true, http: { host: "", port: 0 } },
    /loopback only/,
  ],
  [
    "an embedded edge on the network",
    { embedded: true, http: { host: "192.0.2.1", port: 0 } },
    /loopback only, not "192\.0\.2\.1"/,
  ],
  [
    "embedded tcp on the network",
    { embedded: true, http: { port: 0 }, tcpHost: "0.0.0.0" },
    /loopback only/,
  ],
  ["an embedded edge that lets agents in", {
    embedded: true,
    http: { port: 0 },
    agents: { port: 0 },
  }, /does not go with "embedded"/],
  ["an embedded edge with an API", {
    embedded: true,
    http: { port: 0 },
    api: { port: 0 },
  }, /"api" does not go with "embedded"/],
  ["a master key that is no text", { http: { port: 0 }, masterKey: 5 }, /"masterKey"/],
];

for (const [what, options, message] of WRONG) {
  test(`resolveEdgeOptions() refuses ${what}`, () => {
    assert.throws(
      () => resolveEdgeOptions(options as EdgeOptions),
      (error: TunnelError) => error.code === "config_invalid" && message.test(error.message),
    );
  });
}

test("isLoopback() knows the addresses of this machine alone", () => {
  for (const host of ["localhost", "127.0.0.1", "127.8.8.8", "::1"]) assert.ok(isLoopback(host));
  for (const host of ["", "0.0.0.0", "::", "128.0.0.1", "127.0.0.1.example.com", "10.0.0.1"]) {
    assert.equal(isLoopback(host), false, host);
  }
});

test("resolveEdgeOptions() takes further addresses as host:port alone", () => {
  const http = { port: 0 };
  const connectAddresses = ["west.example.com:443", "[::1]:8443"];
  assert.deepEqual(
    resolveEdgeOptions({ http, connectAddresses }).connectAddresses,
    connectAddresses,
  );
  for (const wrong of ["example.com", "https://example.com:443", ""]) {
    assert.throws(() => resolveEdgeOptions({ http, connectAddresses: [wrong] }), /host:port/);
  }
});
