import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { parseWith } from "../../../lib/base/schema.ts";
import {
  type AgentOptions,
  forwardOptionsSchema,
  parseConnectUrl,
  resolveAgentOptions,
} from "../../../lib/agent/config.ts";

const GOOD: readonly (readonly [string, string, number])[] = [
  ["edge.example.com", "edge.example.com", 443],
  ["edge.example.com:4443", "edge.example.com", 4443],
  ["Edge.Example.com:443", "edge.example.com", 443],
  ["192.0.2.1:4443", "192.0.2.1", 4443],
  ["[::1]", "::1", 443],
  ["[::1]:4443", "::1", 4443],
  [" localhost:4443 ", "localhost", 4443],
];

for (const [text, host, port] of GOOD) {
  test(`parseConnectUrl() reads "${text}"`, () => {
    assert.deepEqual(parseConnectUrl(text), { host, port });
  });
}

const BAD: readonly (readonly [string, RegExp])[] = [
  ["", /it is empty; give the host:port of an edge/],
  [
    "https://edge.example.com:4443/",
    /it has no scheme; write "edge.example.com:4443"/,
  ],
  ["tls://", /it has no scheme; write "host:port"/],
  ["edge.example.com/path", /it is only a host and a port/],
  ["me@edge", /it is only a host and a port/],
  [":4443", /the host is missing/],
  ["edge:abc", /port "abc" is not a number/],
  ["edge:0", /not between 1 and 65535/],
  ["::1", /needs brackets/],
  ["a b", /not a host name/],
];

for (const [text, reason] of BAD) {
  test(`parseConnectUrl() refuses "${text}"`, () => {
    assert.throws(() => parseConnectUrl(text), {
      code: "address_invalid",
      message: reason,
    });
  });
}

test("resolveAgentOptions() fills in the defaults", () => {
  const config = resolveAgentOptions({ connectUrl: "h" });
  assert.deepEqual(config.connect, { host: "h", port: 443 });
  assert.equal(config.connectCas, "trusted");
  assert.equal(config.connectTimeoutMs, 10_000);
  assert.equal(config.heartbeatIntervalMs, 10_000);
  assert.equal(config.heartbeatToleranceMs, 15_000);
  assert.equal(config.authtoken, "");
});

const UNUSABLE: readonly (readonly [AgentOptions, RegExp])[] = [
  [{}, /"connectUrl" is missing/],
  [{ authToken: "x" } as AgentOptions, /unknown key "authToken"/],
  [{ connectUrl: "h", heartbeatIntervalMs: 0 }, /"heartbeatIntervalMs"/],
  [{ connectUrl: "h", connectTimeoutMs: Infinity }, /"connectTimeoutMs"/],
  [{ connectUrl: "h", metadata: "x".repeat(4097) }, /"metadata"/],
  [
    { connectUrl: "h", authtoken: "a b" },
    /"authtoken": blanks and control characters/,
  ],
  [{ connectUrl: "h", userAgent: "a\nb" }, /"userAgent": only printable ASCII/],
  [{ connectUrl: "h", backoff: { factor: 0.5 } }, /"backoff\.factor"/],
  [{ connectUrl: "h", onEvent: 1 as never }, /"onEvent"/],
];

for (const [options, reason] of UNUSABLE) {
  test(`resolveAgentOptions() refuses what it cannot use: ${reason.source}`, () => {
    assert.throws(() => resolveAgentOptions(options), {
      code: "config_invalid",
      message: reason,
    });
  });
}

test("resolveAgentOptions() never repeats a secret in an error", () => {
  assert.throws(
    () => resolveAgentOptions({ connectUrl: "h", authtoken: "s3cret s3cret" }),
    (thrown) => !String(thrown).includes("s3cret"),
  );
});

test("forwardOptionsSchema refuses what no endpoint has", () => {
  const refuse = (options: unknown, reason: RegExp) =>
    assert.throws(
      () => parseWith(forwardOptionsSchema, options, "the endpoint options"),
      {
        code: "config_invalid",
        message: reason,
      },
    );
  refuse({}, /"addr"/);
  refuse({ addr: 1, prot: "tcp" }, /unknown key "prot"/);
  refuse({ addr: 1, proto: "udp" }, /"proto"/);
  refuse({ addr: 1, name: "" }, /"name"/);
  refuse({ addr: 1, description: "x".repeat(256) }, /"description"/);
  refuse({ addr: 1, upstreamProxyProtocol: 3 }, /"upstreamProxyProtocol"/);
});
