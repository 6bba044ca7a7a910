import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { encodeText } from "../../../lib/base/bytes.ts";
import {
  HttpListenerBuilder,
  LabeledListenerBuilder,
  type MakeListener,
  TcpListenerBuilder,
  TlsListenerBuilder,
} from "../../../lib/compat/builders.ts";
import type { Config } from "../../../lib/compat/config.ts";

/** What a builder asks for. */
function asking() {
  const asked: Config[] = [];
  const calls: string[] = [];
  const listener = {
    send: (addr: string) => {
      calls.push(`send ${addr}`);
      return addr === "bad" ? Promise.reject(new Error("bad")) : Promise.resolve(listener);
    },
    serve: () => Promise.resolve(listener),
    close: () => Promise.resolve(void calls.push("close")),
  };
  const make: MakeListener = (config) => {
    asked.push(config);
    return Promise.resolve(listener as never);
  };
  return { asked, calls, make };
}

test("HttpListenerBuilder says everything in the options of forward()", async () => {
  const { asked, make } = asking();
  await new HttpListenerBuilder("http", make)
    .scheme("HTTP").domain("a.test").appProtocol("http2").metadata("m").compression()
    .websocketTcpConversion().circuitBreaker(0.5).requestHeader("a", "b").requestHeader("c", "d")
    .responseHeader("e", "f").removeRequestHeader("g").removeResponseHeader("h")
    .basicAuth("u", "p").allowUserAgent("x").denyUserAgent("y").allowCidr("10.0.0.0/8")
    .denyCidr("11.0.0.0/8").mutualTlsca(encodeText("PEM")).webhookVerification("slack", "s")
    .oauth("google", ["e@x"], null, ["s"], "id", "secret").oidc("https://i", "id", "secret")
    .proxyProto("1").forwardsTo("f").policy("p").trafficPolicy("t").binding("public")
    .poolingEnabled(true).verifyUpstreamTls(false).listen();
  assert.deepEqual(JSON.parse(JSON.stringify(asked[0])), {
    proto: "http",
    schemes: "HTTP",
    domain: "a.test",
    app_protocol: "http2",
    metadata: "m",
    compression: true,
    websocket_tcp_converter: true,
    circuit_breaker: 0.5,
    request_header_add: ["a:b", "c:d"],
    response_header_add: ["e:f"],
    request_header_remove: ["g"],
    response_header_remove: ["h"],
    basic_auth: ["u:p"],
    allow_user_agent: ["x"],
    deny_user_agent: ["y"],
    ip_restriction_allow_cidrs: ["10.0.0.0/8"],
    ip_restriction_deny_cidrs: ["11.0.0.0/8"],
    mutual_tls_cas: ["PEM"],
    verify_webhook_provider: "slack",
    verify_webhook_secret: "s",
    oauth_provider: "google",
    oauth_allow_emails: ["e@x"],
    oauth_scopes: ["s"],
    oauth_client_id: "id",
    oauth_client_secret: "secret",
    oidc_issuer_url: "https://i",
    oidc_client_id: "id",
    oidc_client_secret: "secret",
    proxy_proto: "1",
    forwards_to: "f",
    policy: "p",
    traffic_policy: "t",
    binding: "public",
    pooling_enabled: true,
    verify_upstream_tls: false,
  });
});

test("TcpListenerBuilder and TlsListenerBuilder have what is theirs", async () => {
  const { asked, make } = asking();
  await new TcpListenerBuilder("tcp", make).remoteAddr("h:1").listen();
  await new TlsListenerBuilder("tls", make).domain("d").mutualTlsca(encodeText("CA"))
    .termination(encodeText("C"), encodeText("K")).listen();
  assert.deepEqual(asked, [
    { proto: "tcp", remote_addr: "h:1" },
    { proto: "tls", domain: "d", mutual_tls_cas: ["CA"], crt: "C", key: "K" },
  ]);
});

test("LabeledListenerBuilder can be filled in, and not be made", async () => {
  const { asked, make } = asking();
  const builder = new LabeledListenerBuilder("labeled", make).label("a", "b").appProtocol("http2");
  await assert.rejects(builder.listen(), { code: "config_invalid", message: /httpEndpoint/ });
  assert.deepEqual(asked, []);
});

test("listenAndForward() closes a listener whose service cannot be named", async () => {
  const { calls, make } = asking();
  await new TcpListenerBuilder("tcp", make).listenAndForward("h:1");
  await assert.rejects(new TcpListenerBuilder("tcp", make).listenAndForward("bad"), /bad/);
  await new TcpListenerBuilder("tcp", make).listenAndServe({} as never);
  assert.deepEqual(calls, ["send h:1", "send bad", "close"]);
});
