/** @module */
import assert from "node:assert/strict";
import { TunnelError } from "../../../lib/base/errors.ts";
import { checkIpPolicy, checkModules } from "../../../lib/edge/modules.ts";
import { test } from "../../harness.ts";

const REFUSED: Record<string, unknown> = {
  Auth: "user:password",
  BasicAuth: {
    credentials: [{ username: "u", cleartext_password: "password1" }],
  },
  OAuth: { provider: "google" },
  OIDC: { issuer_url: "https://iss" },
  IPRestriction: { allow_cidrs: ["10.0.0.0/8"] },
  WebhookVerification: { provider: "github", secret: "s" },
  UserAgentFilter: { deny: ["bot"] },
  Policy: { inbound: [{ name: "r" }], outbound: [] },
  TrafficPolicy: "on_http_request:\n  - actions: []",
  RequestHeaders: { add: ["x: y"] },
  ResponseHeaders: { remove: ["server"] },
  WebsocketTCPConverter: {},
};

for (const [key, value] of Object.entries(REFUSED)) {
  test(`checkModules() refuses ${key} rather than leave the endpoint unguarded`, () => {
    for (const spelled of [key, key.toLowerCase(), key.toUpperCase()]) {
      assert.throws(
        () => checkModules({ [spelled]: value }),
        (error: TunnelError) =>
          error.code === "refused" && error.ngrokCode === 813 &&
          /does not enforce/.test(error.message),
      );
    }
  });
}

test("checkModules() never repeats a secret in its refusal", () => {
  assert.throws(
    () => checkModules({ Auth: "user:hunter22" }),
    (error: TunnelError) => !error.message.includes("hunter22"),
  );
});

test("checkModules() accepts what every client sends when nothing is set", () => {
  const rust = {
    Domain: "",
    Hostname: "",
    Auth: "",
    Subdomain: "",
    HostHeaderRewrite: false,
  };
  const nulls = Object.fromEntries(
    Object.keys(REFUSED).map((key) => [key, null]),
  );
  assert.deepEqual(
    checkModules({ ...nulls, ...rust, ProxyProto: 0, LocalUrlScheme: null }),
    [],
  );
  assert.deepEqual(
    checkModules({ TrafficPolicy: "", URL: "https://a.example.com" }),
    [],
  );
});

test("checkModules() takes a policy without rules for no policy", () => {
  for (
    const text of [
      "{}",
      " { } ",
      '{"on_http_request":[]}',
      '{"inbound":[],"outbound":[]}',
    ]
  ) {
    assert.deepEqual(checkModules({ TrafficPolicy: text }), [], text);
  }
  assert.deepEqual(checkModules({ Policy: { inbound: [], outbound: [] } }), []);
  for (
    const text of [
      "{",
      '{"on_http_request":[{}]}',
      "{on_http_request: [deny]}",
      "x",
    ]
  ) {
    assert.throws(
      () => checkModules({ TrafficPolicy: text }),
      TunnelError,
      text,
    );
  }
});

test("checkModules() names what it leaves undone", () => {
  const options = {
    Compression: {},
    CircuitBreaker: { error_threshold: 0.5 },
    ProxyProto: 2,
  };
  assert.deepEqual(checkModules(options), [
    "compression",
    "the circuit breaker",
  ]);
});

test("checkModules() refuses PROXY versions that do not exist with 1123", () => {
  for (const ProxyProto of [3, -1, 1.5, "1", true]) {
    assert.throws(
      () => checkModules({ ProxyProto }),
      (error: TunnelError) => error.ngrokCode === 1123,
    );
  }
});

test("checkIpPolicy() refuses a reference to a policy", () => {
  checkIpPolicy(undefined);
  checkIpPolicy("");
  assert.throws(
    () => checkIpPolicy("ipp_1"),
    (error: TunnelError) => error.ngrokCode === 813,
  );
});

test("checkModules() lets TLS end at the edge with its own certificate or a whole one of the agent's", () => {
  assert.deepEqual(checkModules({ TLSTermination: {} }), []);
  assert.deepEqual(checkModules({ TLSTermination: { cert: "LS0=", key: "LS0=" } }), []);
  assert.throws(
    () => checkModules({ TLSTermination: { cert: "LS0=", sealed_key: "x" } }),
    (error: TunnelError) => error.ngrokCode === 813,
  );
});
