import assert from "node:assert/strict";
import { endpointWishes, tunnelWishes, wishesOf } from "../../../lib/agent/file_endpoints.ts";
import type { TunnelSection } from "../../../lib/agent/file_sections.ts";
import { test } from "../../harness.ts";

const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

test("S54 endpointWishes() hands every key on, an inline policy as text", () => {
  const wishes = endpointWishes({
    name: "a",
    url: "https://h",
    bindings: ["internal"],
    metadata: "m",
    description: "d",
    pooling_enabled: true,
    traffic_policy: { on_http_request: [] },
    upstream: {
      url: 80,
      protocol: "http2",
      proxy_protocol: 1,
      tls_verify: true,
      tls_verify_cas: "ca",
    },
  });
  assert.deepEqual(plain(wishes), [{
    wish: {
      name: "a",
      addr: 80,
      url: "https://h",
      binding: "internal",
      metadata: "m",
      description: "d",
      poolingEnabled: true,
      trafficPolicy: '{"on_http_request":[]}',
      upstreamProtocol: "http2",
      upstreamProxyProtocol: 1,
      upstreamTlsVerify: true,
      upstreamTlsVerifyCas: "ca",
    },
  }]);
});

test("endpointWishes() hands on how TLS ends in the agent, versions as text or number", () => {
  const [{ wish }] = endpointWishes({
    name: "a",
    url: "tls://h",
    upstream: { url: 80 },
    agent_tls_termination: {
      server_certificate: "c",
      server_private_key: "k",
      mutual_tls_certificate_authorities: ["ca"],
      mutual_tls_verification_strategy: "require-any",
      min_version: 1.2,
      max_version: "1.3",
    },
  });
  assert.deepEqual(plain(wish.agentTlsTermination), {
    serverCertificate: "c",
    serverPrivateKey: "k",
    mutualTlsCas: ["ca"],
    mutualTlsVerification: "require-any",
    minVersion: "1.2",
    maxVersion: "1.3",
  });
});

test("tunnelWishes() hands the modules of a tunnel on", () => {
  const [{ wish }] = tunnelWishes("t", {
    proto: "http",
    addr: 80,
    basic_auth: ["a:12345678"],
    auth: "b:12345678",
    circuit_breaker: 0.5,
    compression: true,
    ip_restriction: { allow_cidrs: ["::/0"] },
    client_cas: "ca",
    oauth: { provider: "google", client_id: "i", client_secret: "s", scopes: ["x"] },
    oidc: { issuer_url: "https://i", allow_emails: ["a@b.c"] },
    request_header: { add: ["a: b"] },
    response_header: { remove: ["c"] },
    user_agent_filter: { deny: ["bot"] },
    verify_webhook: { provider: "slack", secret: "w" },
    websocket_tcp_converter: true,
    proxy_proto: 2,
    policy: "text",
  });
  assert.equal(wish.trafficPolicy, "text");
  assert.equal(wish.upstreamProxyProtocol, 2);
  assert.deepEqual(plain(wish.modules), {
    basicAuth: ["a:12345678", "b:12345678"],
    cidrs: { allow: ["::/0"] },
    circuitBreaker: 0.5,
    compression: true,
    mutualTlsCas: "ca",
    oauth: { provider: "google", clientId: "i", clientSecret: "s", scopes: ["x"] },
    oidc: { issuerUrl: "https://i", allowEmails: ["a@b.c"] },
    requestHeaders: { add: ["a: b"] },
    responseHeaders: { remove: ["c"] },
    userAgents: { deny: ["bot"] },
    verifyWebhook: { provider: "slack", secret: "w" },
    websocketTcpConverter: true,
  });
});

test("S22 tunnelWishes() ends TLS at the edge when told so, with a certificate of one's own or not", () => {
  const modules = (tunnel: Partial<TunnelSection>) =>
    plain(tunnelWishes("t", { proto: "tls", addr: 80, ...tunnel })[0].wish.modules);
  assert.deepEqual(modules({ terminate_at: "edge" }), { terminateAtEdge: {} });
  assert.deepEqual(modules({ terminate_at: "edge", crt: "c", key: "k" }), {
    terminateAtEdge: { certificate: "c", privateKey: "k" },
  });
});

test("tunnelWishes() makes two endpoints of a tunnel with two schemes", () => {
  const wishes = tunnelWishes("t", { proto: "http", addr: 80, subdomain: "s", bind_tls: "both" });
  assert.deepEqual(wishes.map(({ wish }) => [wish.name, wish.url]), [
    ["t", "https://s"],
    ["t (http)", "http://s"],
  ]);
});

test("tunnelWishes() leaves the scheme to the edge when nobody names one", () => {
  const url = (more: Partial<TunnelSection>) =>
    tunnelWishes("t", { proto: "http", addr: 80, ...more }).map(({ wish }) => wish.url);
  assert.deepEqual(url({}), [""]);
  assert.deepEqual(url({ subdomain: "s" }), ["s"]);
  assert.deepEqual(url({ schemes: ["https"] }), ["https://"]);
  assert.deepEqual(url({ bind_tls: false, domain: "a.test" }), ["http://a.test"]);
  assert.deepEqual(url({ domain: "http://a.test" }), ["https://a.test"]);
});

test("tunnelWishes() has the edge rewrite the host", () => {
  const [{ wish, unsupported }] = tunnelWishes("t", {
    proto: "http",
    addr: 80,
    host_header: "rewrite",
  });
  assert.equal(unsupported, undefined);
  assert.deepEqual(JSON.parse(JSON.stringify(wish.modules)), { hostHeader: "rewrite" });
});

test("tunnelWishes() marks what is valid and cannot be started yet", () => {
  const tunnel = (more: Partial<TunnelSection>) =>
    tunnelWishes("t", { proto: "http", addr: 80, ...more })[0].unsupported;
  assert.equal(tunnel({}), undefined);
  assert.match(tunnel({ proto: undefined, labels: ["a=b"] }) ?? "", /labels/);
});

test("tunnelWishes() and endpointWishes() end TLS in the agent, with visitors' certificates there too", () => {
  const ends = { serverCertificate: "c", serverPrivateKey: "k", mutualTlsCas: ["ca"] };
  const tunnel = { proto: "tls", addr: 80, crt: "c", key: "k", mutual_tls_cas: "ca" } as const;
  for (const more of [{}, { terminate_at: "agent" as const }]) {
    const [{ wish }] = tunnelWishes("t", { ...tunnel, ...more });
    assert.deepEqual([wish.agentTlsTermination, wish.modules], [ends, undefined]);
  }
  const [{ wish }] = endpointWishes({
    name: "a",
    url: "tls://h",
    upstream: { url: "h:1" },
    agent_tls_termination: {
      server_certificate: "c",
      server_private_key: "k",
      mutual_tls_certificate_authorities: ["ca"],
    },
  });
  assert.deepEqual(plain(wish.agentTlsTermination), ends);
  assert.throws(
    () => tunnelWishes("t", { proto: "tls", addr: 80, terminate_at: "agent" }),
    /"terminate_at: agent" needs "crt" and "key"/,
  );
});

test("tunnelWishes() refuses keys that do not fit together", () => {
  const cases: readonly [Partial<TunnelSection>, RegExp, number?][] = [
    [{ proto: undefined }, /"proto" is missing/, 394],
    [{ labels: ["a=b"] }, /"labels" and "proto" exclude each other/, 394],
    [{ domain: "a", hostname: "b" }, /"domain" and "hostname" say the same/, 9021],
    [{ traffic_policy: {}, policy: {} }, /say the same/],
    [{ schemes: ["http"], bind_tls: true }, /say the same/],
    [{ remote_addr: "h:1" }, /"remote_addr" is for tunnels with "proto: tcp"/],
    [{ proto: "tcp", domain: "a" }, /a tcp tunnel has "remote_addr"/],
    [{ crt: "c", key: "k" }, /"crt" is for tunnels with "proto: tls"/],
    [{ proto: "tcp", host_header: "x" }, /"host_header" is for/],
  ];
  for (const [more, message, ngrokCode] of cases) {
    assert.throws(() => tunnelWishes("t", { proto: "http", addr: 80, ...more }), {
      code: "config_invalid",
      message,
      ngrokCode,
    });
  }
});

test("S25 S53 wishesOf() knows endpoints and tunnels by their names", () => {
  const wishes = wishesOf({
    agent: {},
    endpoints: [{ name: "web", upstream: { url: 80 } }],
    tunnels: { db: { proto: "tcp", addr: 1 } },
  });
  assert.deepEqual([...wishes.keys()], ["web", "db"]);
});
