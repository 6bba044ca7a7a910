import assert from "node:assert/strict";
import {
  coversHost,
  namesAbove,
  readEndpointUrl,
  splitUrl,
} from "../../../lib/api/endpoint_url.ts";
import { test } from "../../harness.ts";

const RULES = { domains: ["example.net"], ports: {} };

test("readEndpointUrl() gives parts and the one spelling", () => {
  const cases = [
    ["HTTPS://Shop.Example.com:443", "https://shop.example.com", 443, false],
    ["http://shop.example.com:80", "http://shop.example.com", 80, false],
    ["tls://*.example.com", "tls://*.example.com", 443, false],
    ["tcp://example.net:20000", "tcp://example.net:20000", 20_000, false],
    ["https://a.internal", "https://a.internal", 443, true],
    ["http://a.b.c.d.internal:8080", "http://a.b.c.d.internal:8080", 8080, true],
    ["tcp://db.internal:5432", "tcp://db.internal:5432", 5432, true],
  ] as const;
  for (const [given, url, port, isInternal] of cases) {
    const read = readEndpointUrl(given, RULES);
    assert.deepEqual([read.url, read.port, read.isInternal], [url, port, isInternal], given);
    const { scheme, host } = read;
    assert.deepEqual(splitUrl(read.url), { scheme, host, port });
  }
});

test("readEndpointUrl() goes by the ports of the edge's doors", () => {
  const rules = { domains: ["localhost"], ports: { http: 8080, https: 8443 } };
  assert.equal(readEndpointUrl("https://a.localhost", rules).url, "https://a.localhost:8443");
  assert.equal(readEndpointUrl("http://a.localhost:8080", rules).port, 8080);
  assert.throws(() => readEndpointUrl("https://a.localhost:443", rules), { ngrokCode: 18023 });
});

test("readEndpointUrl() refuses the rest with its numbers", () => {
  const cases = [
    ["shop.example.com", 249],
    ["", 249],
    ["ftp://shop.example.com", 18022],
    ["ssh://shop.example.com", 18022],
    ["https://shop.example.com/", 249],
    ["https://shop.example.com/x", 249],
    ["https://shop.example.com?x", 249],
    ["https://u@shop.example.com", 249],
    ["https://", 249],
    ["https://a_b.example.com", 249],
    ["https://192.0.2.1", 249],
    ["https://shop.local", 249],
    ["https://shop", 249],
    ["https://internal", 249],
    ["https://a.b.c.d.e.internal", 249],
    ["tcp://a.internal", 18003],
    ["http://a.internal:0", 18003],
    ["http://a.internal:65536", 18003],
    ["http://shop.example.com:443", 18023],
    ["tls://shop.example.com:8443", 18023],
  ] as const;
  for (const [given, ngrokCode] of cases) {
    assert.throws(() => readEndpointUrl(given, RULES), { ngrokCode, status: 400 }, given);
  }
});

test("coversHost() is about a name and all below it; a wildcard is covered by itself alone", () => {
  assert.ok(coversHost("a.example.com", "a.example.com"));
  assert.ok(coversHost("a.example.com", "x.a.example.com"));
  assert.ok(coversHost("*.example.com", "a.b.example.com"));
  assert.ok(coversHost("*.example.com", "*.example.com"));
  assert.ok(!coversHost("*.example.com", "example.com"));
  assert.ok(!coversHost("*.example.com", "*.a.example.com"));
  assert.ok(!coversHost("b.example.com", "a.example.com"));
  assert.deepEqual(namesAbove("*.a.b"), ["*.a.b"]);
  assert.deepEqual(namesAbove("a.b").slice(0, 2), ["a.b", "*.b"]);
});
