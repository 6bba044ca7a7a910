/** @module */
import assert from "node:assert/strict";
import type { TunnelError } from "../../../lib/base/errors.ts";
import { checkModules } from "../../../lib/edge/modules.ts";
import { test } from "../../harness.ts";

const REFUSED: Record<string, unknown> = {
  OAuth: { provider: "google" },
  OIDC: { issuer_url: "https://iss" },
};

/** What other files obey; all modules are null when nothing is asked for. */
const OBEYED: Record<string, unknown> = {
  Auth: "user:password",
  BasicAuth: { credentials: [] },
  MutualTLSCA: { mutual_tls_ca: "LS0=" },
  MutualTLSAtEdge: { mutual_tls_ca: "LS0=" },
  IPRestriction: { allow_cidrs: ["10.0.0.0/8"] },
  WebhookVerification: { provider: "github", secret: "s" },
  UserAgentFilter: { deny: ["bot"] },
  Policy: { inbound: [{ name: "r" }], outbound: [] },
  TrafficPolicy: "on_http_request:\n  - actions: []",
  RequestHeaders: { add: ["x: y"] },
  ResponseHeaders: { remove: ["server"] },
  WebsocketTCPConverter: {},
  Compression: {},
  CircuitBreaker: { error_threshold: 0.5 },
};

for (const [key, value] of Object.entries(REFUSED)) {
  test(`checkModules() refuses ${key} rather than leave the endpoint unguarded`, () => {
    for (const spelled of [key, key.toLowerCase(), key.toUpperCase()]) {
      assert.throws(
        () => checkModules({ [spelled]: value }),
        (error: TunnelError) =>
          error.code === "refused" && error.ngrokCode === 813 &&
          /does not yet enforce/.test(error.message),
      );
    }
  });
}

test("checkModules() says that OAuth comes with the full policy engine", () => {
  for (const options of [{ OAuth: { provider: "google" } }, { OIDC: { issuer_url: "x" } }]) {
    assert.throws(() => checkModules(options), /comes with the full policy engine/);
  }
});

test("checkModules() leaves to the policy what the policy does", () => {
  checkModules(OBEYED);
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
    Object.keys({ ...REFUSED, ...OBEYED }).map((key) => [key, null]),
  );
  checkModules({ ...nulls, ...rust, ProxyProto: 0, LocalUrlScheme: null });
  checkModules({ TrafficPolicy: "", URL: "https://a.example.com" });
});

test("checkModules() refuses PROXY versions that do not exist with 1123", () => {
  for (const ProxyProto of [3, -1, 1.5, "1", true]) {
    assert.throws(
      () => checkModules({ ProxyProto }),
      (error: TunnelError) => error.ngrokCode === 1123,
    );
  }
});

test("checkModules() lets TLS end at the edge with its own certificate or a whole one of the agent's", () => {
  checkModules({ TLSTermination: {} });
  checkModules({ TLSTermination: { cert: "LS0=", key: "LS0=" } });
  assert.throws(
    () => checkModules({ TLSTermination: { cert: "LS0=", sealed_key: "x" } }),
    (error: TunnelError) => error.ngrokCode === 813,
  );
});
