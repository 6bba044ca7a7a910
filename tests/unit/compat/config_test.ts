import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import {
  addressOf,
  type Config,
  endpointOptions,
  listOf,
  normalized,
  protoOf,
  sessionOptions,
} from "../../../lib/compat/config.ts";

test("normalized() takes an address alone, dotted names, and ports as text", () => {
  assert.deepEqual(normalized(), { addr: 80 });
  assert.deepEqual(normalized("localhost:1"), { addr: "localhost:1" });
  const dotted = { "oauth.provider": "google", port: "81", addr: null } as unknown as Config;
  assert.deepEqual(normalized(dotted), { oauth_provider: "google", port: 81 });
  const both = { "oauth.provider": "google", oauth_provider: "github" } as Config;
  assert.equal(normalized(both).oauth_provider, "github");
  assert.throws(() => normalized({ port: "x" }), { code: "config_invalid" });
});

test("listOf() makes one of several", () => {
  assert.deepEqual([listOf("a"), listOf(["a", "b"]), listOf(undefined)], [
    ["a"],
    ["a", "b"],
    undefined,
  ]);
});

test("addressOf() finds the service in addr, host and port", () => {
  assert.equal(addressOf({ addr: "h:1", port: 2 }), "h:1");
  assert.equal(addressOf({ port: 2 }), 2);
  assert.equal(addressOf({ host: "h", port: 2 }), "h:2");
  assert.equal(addressOf({}), 80);
});

test("protoOf() refuses labels and what it does not know", () => {
  assert.equal(protoOf({}), "http");
  assert.equal(protoOf({ proto: "tls" }), "tls");
  assert.throws(() => protoOf({ proto: "labeled" }), /ask for a domain instead/);
  assert.throws(() => protoOf({ labels: "edge:x" }), { code: "config_invalid" });
  assert.throws(() => protoOf({ proto: "udp" }), /"udp" is none of http, tcp, tls/);
});

test("sessionOptions() says where the edge is and who vouches for it", () => {
  const config = { server_addr: "h:1", root_cas: "host", session_metadata: "m" };
  assert.deepEqual(sessionOptions(config, "secret"), {
    connectUrl: "h:1",
    connectCas: "host",
    authtoken: "secret",
    metadata: "m",
  });
  assert.equal(sessionOptions({ ...config, session_ca_cert: "PEM" }, undefined).connectCas, "PEM");
  assert.deepEqual(sessionOptions({}, undefined), {});
});

test("endpointOptions() asks for URLs by scheme, domain and address", () => {
  const urls: [Config, boolean, string | undefined][] = [
    [{}, false, "https://"],
    [{}, true, "http://"],
    [{ schemes: "HTTPS", domain: "a.test" }, true, "http://a.test"],
    [{ domain: "a.test" }, false, "https://a.test"],
    [{ hostname: "a.test", schemes: ["HTTPS", "HTTP"] }, false, "http://a.test"],
    [{ proto: "tcp" }, false, undefined],
    [{ proto: "tcp", remote_addr: "1.tcp.test:7" }, false, "tcp://1.tcp.test:7"],
    [{ proto: "tls", domain: "a.test" }, false, "tls://a.test"],
  ];
  for (const [config, isLocal, url] of urls) {
    assert.equal(endpointOptions(config, isLocal).url, url, JSON.stringify(config));
  }
  assert.throws(() => endpointOptions({ schemes: "ftp" }, false), /none of http, https/);
  assert.throws(() => endpointOptions({ binding: "x" }, false), /the binding "x"/);
  assert.throws(() => endpointOptions({ proxy_proto: "3" }, false), /"3" is none of 1, 2/);
  assert.throws(() => endpointOptions({ app_protocol: "spdy" }, false), /none of http1, http2/);
  assert.throws(() => endpointOptions({ proto: "tls" }, true), /name one with server_addr/);
  assert.equal(endpointOptions({ proxy_proto: "" }, false).upstreamProxyProtocol, undefined);
});

test("endpointOptions() asks for modules, and for none that nobody named", () => {
  assert.deepEqual(endpointOptions({ proto: "tcp" }, false).modules, {});
  const { modules, ...rest } = endpointOptions({
    basic_auth: "a:b",
    circuit_breaker: 0.5,
    compression: true,
    allow_user_agent: "x",
    deny_user_agent: ["y"],
    request_header_add: "a:b",
    response_header_remove: "c",
    ip_restriction_allow_cidrs: "10.0.0.0/8",
    mutual_tls_cas: ["one", "two"],
    oauth_provider: "google",
    oauth_scopes: "s",
    oidc_issuer_url: "https://i",
    oidc_client_id: "id",
    verify_webhook_provider: "slack",
    verify_webhook_secret: "t",
    websocket_tcp_converter: true,
    host_header: "rewrite",
    proxy_proto: "2",
    app_protocol: "http2",
    policy: "p",
    verify_upstream_tls: false,
  }, false);
  assert.deepEqual(JSON.parse(JSON.stringify(modules)), {
    basicAuth: ["a:b"],
    cidrs: { allow: ["10.0.0.0/8"] },
    circuitBreaker: 0.5,
    compression: true,
    mutualTlsCas: "one\ntwo",
    hostHeader: "rewrite",
    requestHeaders: { add: ["a:b"] },
    responseHeaders: { remove: ["c"] },
    userAgents: { allow: ["x"], deny: ["y"] },
    verifyWebhook: { provider: "slack", secret: "t" },
    websocketTcpConverter: true,
    oauth: { provider: "google", scopes: ["s"] },
    oidc: { issuerUrl: "https://i", clientId: "id" },
  });
  assert.equal(rest.upstreamProxyProtocol, 2);
  assert.equal(rest.upstreamProtocol, "http2");
  assert.equal(rest.trafficPolicy, "p");
  assert.equal(rest.upstreamTlsVerify, false);
  const tls = endpointOptions({ proto: "tls", crt: "C", key: "K" }, false);
  assert.deepEqual(tls.modules, { terminateAtEdge: { certificate: "C", privateKey: "K" } });
});
