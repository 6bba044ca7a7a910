/** @module */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { TunnelError } from "../../../lib/base/errors.ts";
import type { EndpointProto } from "../../../lib/edge/endpoint.ts";
import { requestedAddress } from "../../../lib/edge/requested_address.ts";
import { test } from "../../harness.ts";

const rules = {
  domains: ["example.com", "example.net"],
  ports: { http: 80, https: 443, tls: 443 },
  ownHosts: new Map([
    ["connect.example.com", "agents connect to the edge there"],
    ["connect.example.net", "agents connect to the edge there"],
    ["api.example.com", "the API of the edge is there"],
  ]),
};

function hostOf(
  proto: EndpointProto,
  options: Record<string, unknown>,
): string | undefined {
  return requestedAddress(proto, options, rules).host;
}

test("requestedAddress() reads each generation's way to name a host", () => {
  assert.equal(hostOf("https", {}), undefined);
  assert.equal(
    hostOf("https", { Domain: "", Hostname: "", URL: "", Subdomain: "" }),
    undefined,
  );
  assert.equal(hostOf("https", { URL: "https://" }), undefined);
  assert.equal(
    hostOf("https", { Domain: "Shop.Example.org" }),
    "shop.example.org",
  );
  assert.equal(
    hostOf("https", { Hostname: "shop.example.org" }),
    "shop.example.org",
  );
  assert.equal(
    hostOf("https", { URL: "https://shop.example.org" }),
    "shop.example.org",
  );
  assert.equal(
    hostOf("https", { URL: "HTTPS://Shop.Example.org:443" }),
    "shop.example.org",
  );
  assert.equal(
    hostOf("https", { URL: "shop.example.org" }),
    "shop.example.org",
  );
  assert.equal(hostOf("http", { Subdomain: "shop" }), "shop.example.com");
  assert.equal(hostOf("http", { Subdomain: "a.b" }), "a.b.example.com");
  assert.equal(hostOf("tls", { URL: "tls://*.example.com" }), "*.example.com");
  assert.equal(hostOf("https", { hostname: "a.example.com" }), "a.example.com");
  assert.equal(
    hostOf("https", { Hostname: null, Domain: "a.example.com" }),
    "a.example.com",
  );
});

test("requestedAddress() lets Hostname beat Subdomain, as the second bind of a v2 agent needs it", () => {
  const options = { Hostname: "calm-otter.example.com", Subdomain: "mysub" };
  assert.equal(hostOf("http", options), "calm-otter.example.com");
});

test("requestedAddress() reads what a rebind repeats", () => {
  const rebind = {
    Domain: "a.example.com",
    Hostname: "a.example.com",
    URL: "https://a.example.com",
  };
  assert.equal(hostOf("https", rebind), "a.example.com");
  assert.equal(
    hostOf("https", { URL: "https://", Hostname: "b.example.com" }),
    "b.example.com",
  );
});

test("requestedAddress() reads tcp addresses from Addr and from URL", () => {
  const table: [
    Record<string, unknown>,
    string | undefined,
    number | undefined,
  ][] = [
    [{}, undefined, undefined],
    [{ Addr: "" }, undefined, undefined],
    [{ URL: "tcp://", Addr: "" }, undefined, undefined],
    [{ Addr: "example.com:20001" }, "example.com", 20001],
    [{ URL: "tcp://1.tcp.example.net:20001" }, "1.tcp.example.net", 20001],
    [{ URL: "tcp://", Addr: "example.com:20001" }, "example.com", 20001],
    [{ URL: "tcp://:20001" }, undefined, 20001],
  ];
  for (const [options, host, port] of table) {
    assert.deepEqual(requestedAddress("tcp", options, rules), { host, port });
  }
});

const REFUSED: [EndpointProto, Record<string, unknown>, number][] = [
  ["https", { Hostname: "a.example.com", Domain: "b.example.com" }, 9021],
  ["https", { URL: "https://a.example.com", Domain: "b.example.com" }, 9021],
  ["https", { URL: "https://a.example.com:abc" }, 9033],
  ["https", { URL: "https://a.example.com:" }, 9033],
  ["https", { URL: "https://a.example.com:8443" }, 9035],
  ["https", { URL: "https://a.example.com:0" }, 9035],
  ["tcp", { URL: "tcp://example.com:70000" }, 9035],
  ["tcp", { URL: "tcp://example.com" }, 9035],
  ["https", { URL: "ftp://a.example.com" }, 9036],
  ["https", { URL: "http://a.example.com" }, 9036],
  ["https", { URL: "://a.example.com" }, 9036],
  ["https", { URL: "https://invalid@domain.com" }, 9037],
  ["https", { URL: "https://a.example.com/path" }, 9037],
  ["https", { URL: "https://a.example.com?x" }, 9037],
  ["https", { URL: "https://a.example.com/" }, 9038],
  ["https", { Hostname: "a_b.example.com" }, 355],
  ["https", { Subdomain: "-a" }, 328],
  ["https", { Hostname: "shop" }, 326],
  ["https", { URL: "https://[::1]" }, 326],
  ["https", { Hostname: "printer.local" }, 331],
  ["https", { Hostname: "connect.example.com" }, 320],
  ["https", { Hostname: "connect.example.net" }, 320],
  ["https", { Hostname: "api.example.com" }, 320],
  ["tcp", { Addr: "1.tcp.ngrok.io:12345" }, 307],
  ["tcp", { Addr: "*.example.com:12345" }, 307],
];

for (const [proto, options, code] of REFUSED) {
  test(`requestedAddress() refuses ${proto} ${JSON.stringify(options)} with ${code}`, () => {
    assert.throws(
      () => requestedAddress(proto, options, rules),
      (error: TunnelError) => error.code === "refused" && error.ngrokCode === code,
    );
  });
}

test("requestedAddress() calls an option of the wrong type a bad message", () => {
  for (const options of [{ Hostname: 5 }, { URL: ["a"] }, { Subdomain: {} }]) {
    assert.throws(
      () => requestedAddress("https", options, rules),
      (error: TunnelError) => error.code === "message_invalid" && error.ngrokCode === 301,
    );
  }
});

test("requestedAddress() names the port that URLs of this edge have", () => {
  const moved = { domains: ["localhost"], ports: { http: 8080 }, ownHosts: new Map() };
  const asked = requestedAddress(
    "http",
    { URL: "http://a.localhost:8080" },
    moved,
  );
  assert.equal(asked.host, "a.localhost");
  assert.throws(
    () => requestedAddress("http", { URL: "http://a.localhost:80" }, moved),
    /port of http endpoints here is 8080/,
  );
});

test("requestedAddress() fails only with a refusal, whatever the URL", () => {
  const protos = fc.constantFrom<EndpointProto>("http", "https", "tcp", "tls");
  fc.assert(
    fc.property(protos, fc.oneof(fc.string(), fc.webUrl()), (proto, URL) => {
      try {
        requestedAddress(proto, { URL }, rules);
      } catch (thrown) {
        assert.ok(
          thrown instanceof TunnelError && thrown.ngrokCode !== undefined,
          String(thrown),
        );
      }
    }),
  );
});
