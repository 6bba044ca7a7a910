import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { kindOfScheme, parseEndpointUrl } from "../../../lib/agent/endpoint_url.ts";
import type { UpstreamKind } from "../../../lib/agent/upstream.ts";

const GOOD: readonly (readonly [string, UpstreamKind | undefined, string])[] = [
  ["", "http", ""],
  ["", "tcp", "tcp://"],
  ["", "tls", "tls://"],
  ["", undefined, ""],
  ["https://", "http", "https://"],
  ["http://", "http", "http://"],
  ["tcp://", "tcp", "tcp://"],
  ["tls://", undefined, "tls://"],
  ["example.org", "http", "https://example.org"],
  ["example.org", undefined, "https://example.org"],
  ["example.org", "tls", "tls://example.org"],
  ["https://Example.ORG", "http", "https://example.org"],
  ["https://h:443", "http", "https://h"],
  ["http://h:80", "http", "http://h"],
  ["tls://h:443", "tls", "tls://h"],
  ["h:443", "http", "https://h"],
  ["tcp://1.tcp.example:12345", "tcp", "tcp://1.tcp.example:12345"],
  ["1.tcp.example:12345", "tcp", "tcp://1.tcp.example:12345"],
  ["tcp://h:80", undefined, "tcp://h:80"],
  ["https://h:8443", "http", "https://h:8443"],
  ["h:8443", "http", "https://h:8443"],
  ["http://h:443", "http", "http://h:443"],
  ["tls://h:8443", "tls", "tls://h:8443"],
  ["https://*.example.com", "http", "https://*.example.com"],
  ["*.example.com", "http", "https://*.example.com"],
  ["http://api.internal:9000", "http", "http://api.internal:9000"],
  ["tls://api.internal:9000", "tls", "tls://api.internal:9000"],
  ["bücher.example", "http", "https://xn--bcher-kva.example"],
  ["tcp://[::1]:5000", "tcp", "tcp://[::1]:5000"],
  ["https://[::1]", "http", "https://[::1]"],
  [" app.example.org ", "http", "https://app.example.org"],
];

const BAD: readonly (readonly [string, UpstreamKind | undefined, number, RegExp])[] = [
  ["https://h:abc", "http", 9033, /port "abc" is not a number/],
  ["https://h:", "http", 9033, /port behind ":" is missing/],
  ["https://h:99999", "http", 9033, /not between 1 and 65535/],
  ["a..b", "http", 9034, /not a host name/],
  ["https://:443", "http", 9034, /the host name is missing/],
  ["https://exa mple", "http", 9034, /not a host name/],
  ["https://a.*.example.com", "http", 9034, /whole first label/],
  ["*example.com", "http", 9034, /whole first label/],
  ["https://*", "http", 9034, /whole first label/],
  ["tcp://h", "tcp", 9035, /a tcp address needs a port/],
  ["h", "tcp", 9035, /a tcp address needs a port/],
  ["ftp://h", "http", 9036, /the scheme "ftp" is not supported/],
  ["ssh://h", undefined, 9036, /the scheme "ssh" is not supported/],
  ["toString://h", undefined, 9036, /is not supported/],
  [
    "tcp://h:1",
    "http",
    9036,
    /does not fit this endpoint; use https:\/\/ or http:\/\//,
  ],
  ["https://h", "tcp", 9036, /does not fit this endpoint; use tcp:\/\//],
  ["https://h/path", "http", 9037, /"\/path" cannot be part of it/],
  ["https://h/path/", "http", 9037, /cannot be part of it/],
  ["h?x", "http", 9037, /"\?x" cannot be part of it/],
  ["https://u@h", "http", 9037, /a user name cannot be part of it/],
  ["https://h/", "http", 9038, /remove the trailing slash/],
  ["h/", "http", 9038, /remove the trailing slash/],
];

for (const [text, kind, url] of GOOD) {
  test(`parseEndpointUrl() reads ${JSON.stringify(text)} (${kind}) as ${url}`, () => {
    const wanted = parseEndpointUrl(text, kind);
    assert.equal(wanted.url, url);
    assert.equal(
      url === "" ? wanted.scheme : url.split("://")[0],
      url ? wanted.scheme : "https",
    );
    if (kind) assert.equal(kindOfScheme(wanted.scheme), kind);
  });
}

for (const [text, kind, code, reason] of BAD) {
  test(`parseEndpointUrl() refuses ${JSON.stringify(text)} (${kind}) with ${code}`, () => {
    assert.throws(() => parseEndpointUrl(text, kind), (thrown) => {
      assert.ok(thrown instanceof TunnelError);
      assert.equal(thrown.code, "address_invalid");
      assert.equal(thrown.ngrokCode, code);
      assert.match(thrown.message, reason);
      return true;
    });
  });
}
