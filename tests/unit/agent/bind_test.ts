import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import {
  buildBindRequest,
  buildRebindRequest,
  buildRenewedRequest,
  readBindResponse,
} from "../../../lib/agent/bind.ts";
import type { ForwardOptions } from "../../../lib/agent/config.ts";
import { parseEndpointUrl } from "../../../lib/agent/endpoint_url.ts";
import { parseUpstream, type UpstreamKind } from "../../../lib/agent/upstream.ts";
import type { BindRequest } from "../../../lib/wire/messages.ts";

function wish(kind: UpstreamKind, options: ForwardOptions): BindRequest {
  return buildBindRequest({
    wanted: parseEndpointUrl(options.url ?? "", kind),
    upstream: parseUpstream(options.addr, kind),
    options,
  });
}

test("buildBindRequest() of https is spelled and ordered as the Go client does it", () => {
  assert.equal(
    JSON.stringify(wish("http", {
      addr: "localhost:8081",
      url: "https://foo.example.test",
      name: "nm",
      metadata: "md",
      description: "ds",
      binding: "public",
      poolingEnabled: true,
      trafficPolicy: "on_http_request: []",
      upstreamProtocol: "http2",
    })),
    '{"Id":"","Proto":"https","ForwardsTo":"http://localhost:8081","ForwardsProto":"http2",' +
      '"Opts":{"URL":"https://foo.example.test","Domain":"","Hostname":"","Subdomain":"","Auth":"",' +
      '"HostHeaderRewrite":false,"LocalURLScheme":"","ProxyProto":0,"Compression":null,' +
      '"CircuitBreaker":null,"IPRestriction":null,"BasicAuth":null,"OAuth":null,"OIDC":null,' +
      '"WebhookVerification":null,"MutualTLSCA":null,"RequestHeaders":null,"ResponseHeaders":null,' +
      '"WebsocketTCPConverter":null,"UserAgentFilter":null,"Policy":null,' +
      '"TrafficPolicy":"on_http_request: []"},' +
      '"Extra":{"Name":"nm","Token":"","IPPolicyRef":"","Metadata":"md","Description":"ds",' +
      '"Bindings":["public"],"PoolingEnabled":true}}',
  );
});

test("buildBindRequest() takes a traffic policy as an object, and says it as text", () => {
  const trafficPolicy = { on_tcp_connect: [{ actions: [{ type: "deny" }] }] };
  const { Opts } = wish("tcp", { addr: 8082, trafficPolicy });
  assert.equal(Opts.TrafficPolicy, '{"on_tcp_connect":[{"actions":[{"type":"deny"}]}]}');
});

test("buildBindRequest() of tcp is spelled and ordered as the Go client does it", () => {
  assert.equal(
    JSON.stringify(wish("tcp", { addr: 8082 })),
    '{"Id":"","Proto":"tcp","ForwardsTo":"tcp://localhost:8082","ForwardsProto":"",' +
      '"Opts":{"URL":"tcp://","Addr":"","ProxyProto":0,"IPRestriction":null,"Policy":null,' +
      '"TrafficPolicy":""},"Extra":{"Name":"","Token":"","IPPolicyRef":"","Metadata":"",' +
      '"Description":"","Bindings":null,"PoolingEnabled":false}}',
  );
});

test("buildBindRequest() of tls is spelled and ordered as the Go client does it", () => {
  assert.equal(
    JSON.stringify(
      wish("tls", {
        addr: 9,
        url: "tls://x.example.test",
        upstreamProxyProtocol: 2,
      }),
    ),
    '{"Id":"","Proto":"tls","ForwardsTo":"tcp://localhost:9","ForwardsProto":"",' +
      '"Opts":{"URL":"tls://x.example.test","Domain":"","Hostname":"","Subdomain":"","ProxyProto":2,' +
      '"MutualTLSAtAgent":false,"MutualTLSAtEdge":null,"TLSTermination":null,"IPRestriction":null,' +
      '"Policy":null,"TrafficPolicy":""},"Extra":{"Name":"","Token":"","IPPolicyRef":"",' +
      '"Metadata":"","Description":"","Bindings":null,"PoolingEnabled":false}}',
  );
});

const ANSWER = readBindResponse({
  Id: "b1",
  URL: "https://a.test",
  Proto: "https",
  Opts: { Hostname: "a.test", Strange: [1] },
  Error: "",
  Extra: { Token: "t1", TunnelID: "tn_1" },
});

test("buildRebindRequest() sends id, token and options as the server returned them", () => {
  const first = wish("http", { addr: 1, metadata: "m" });
  const again = buildRebindRequest(first, ANSWER);
  assert.equal(again.Id, "b1");
  assert.equal(again.Extra.Token, "t1");
  assert.equal(again.Extra.Metadata, "m");
  assert.deepEqual(again.Opts, { Hostname: "a.test", Strange: [1] });
  assert.deepEqual(Object.keys(again), Object.keys(first));
  assert.deepEqual(Object.keys(again.Extra), Object.keys(first.Extra));
});

test("buildRebindRequest() falls back on its own options when the server returned none", () => {
  const first = wish("tcp", { addr: 1 });
  assert.deepEqual(
    buildRebindRequest(first, { ...ANSWER, Opts: {} }).Opts,
    first.Opts,
  );
});

test("buildRenewedRequest() asks afresh, but for the URL there was", () => {
  const first = wish("http", { addr: 1 });
  const renewed = buildRenewedRequest(first, "https://a.test");
  assert.equal(renewed.Id, "");
  assert.equal(renewed.Extra.Token, "");
  assert.equal(renewed.Opts.URL, "https://a.test");
  assert.equal(first.Opts.URL, "", "the first request is untouched");
});

test("readBindResponse() takes what Go servers may leave out", () => {
  assert.deepEqual(
    readBindResponse({
      Id: "b",
      URL: "u",
      Proto: "tcp",
      Opts: null,
      Extra: null,
    }),
    {
      Id: "b",
      URL: "u",
      Proto: "tcp",
      Opts: {},
      Extra: { Token: "", TunnelID: undefined },
    },
  );
});

test("readBindResponse() throws a refusal with text and number", () => {
  assert.throws(
    () =>
      readBindResponse({
        Error: "The URL is online.\r\n\r\nERR_NGROK_334\r\n",
      }),
    { code: "refused", ngrokCode: 334, message: "The URL is online." },
  );
  assert.throws(() => readBindResponse({ Id: 7 }), { code: "message_invalid" });
  assert.throws(() => readBindResponse({ Extra: { Token: 7 } }), {
    code: "message_invalid",
  });
});

test("buildBindRequest() asks for a name below the edge's domain when there is no dot in it", () => {
  const opts = (url: string, kind: "http" | "tls" = "http") =>
    wish(kind, { addr: 1, url }).Opts as { URL: string; Subdomain: string };
  for (
    const [url, kind] of [["myapp", "http"], ["http://myapp", "http"], ["myapp", "tls"]] as const
  ) {
    assert.deepEqual([opts(url, kind).URL, opts(url, kind).Subdomain], ["", "myapp"]);
  }
  for (const url of ["https://a.test", "http://localhost", "https://*.a", "https://a:8443"]) {
    assert.deepEqual([opts(url).URL, opts(url).Subdomain], [url, ""]);
  }
  const renewed = buildRenewedRequest(
    wish("http", { addr: 1, url: "myapp" }),
    "https://myapp.test",
  );
  assert.deepEqual(
    [renewed.Opts.URL, (renewed.Opts as { Subdomain?: string }).Subdomain],
    ["https://myapp.test", ""],
  );
});
