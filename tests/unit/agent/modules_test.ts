import assert from "node:assert/strict";
import { check } from "../../../lib/base/schema.ts";
import {
  type EndpointModules,
  endpointModulesSchema,
  moduleOptions,
} from "../../../lib/agent/modules.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
const KEY = "-----BEGIN EC PRIVATE KEY-----\nBBBB\n-----END EC PRIVATE KEY-----";
const { host: { files } } = memoryRuntime({
  host: { files: { "/ca.pem": `${CERTIFICATE}\n${CERTIFICATE}\n`, "/key.pem": KEY } },
});
const http = (modules: EndpointModules) => moduleOptions(modules, "http", files);
const decoded = (text: unknown) => atob(String(text));

test("moduleOptions() spells every module as the wire does", async () => {
  const options = await http({
    basicAuth: ["ann:secret:with:colons", "bob:12345678"],
    cidrs: { allow: ["10.0.0.0/8"], deny: [] },
    circuitBreaker: 0.5,
    compression: true,
    oauth: { provider: "google", allowEmails: ["a@b.c"], scopes: [] },
    oidc: { issuerUrl: "https://id.example", clientId: "i", clientSecret: "s" },
    requestHeaders: { add: ["X-One: a: b"], remove: ["Cookie"] },
    responseHeaders: { remove: ["Server"] },
    userAgents: { deny: ["bot.*"] },
    verifyWebhook: { provider: "slack", secret: "s" },
    websocketTcpConverter: true,
  });
  assert.deepEqual(options, {
    BasicAuth: {
      credentials: [
        { username: "ann", cleartext_password: "secret:with:colons" },
        { username: "bob", cleartext_password: "12345678" },
      ],
    },
    IPRestriction: { allow_cidrs: ["10.0.0.0/8"] },
    CircuitBreaker: { error_threshold: 0.5 },
    Compression: {},
    OAuth: { provider: "google", allow_emails: ["a@b.c"] },
    OIDC: { issuer_url: "https://id.example", client_id: "i", client_secret: "s" },
    RequestHeaders: { add: ["X-One:a: b"], remove: ["Cookie"] },
    ResponseHeaders: { remove: ["Server"] },
    UserAgentFilter: { deny: ["bot.*"] },
    WebhookVerification: { provider: "slack", secret: "s" },
    WebsocketTCPConverter: {},
  });
});

test("moduleOptions() has the edge rewrite the host, to the upstream's own or to a name", async () => {
  const hostOf = async (hostHeader: string) => {
    const { RequestHeaders } = await moduleOptions({ hostHeader }, "http", files, "localhost:8080");
    return RequestHeaders;
  };
  assert.deepEqual(await hostOf("rewrite"), { add: ["host:localhost:8080"] });
  assert.deepEqual(await hostOf("shop.test"), { add: ["host:shop.test"] });
  assert.equal(await hostOf("preserve"), undefined);
  const both = await http({
    hostHeader: "a.test",
    requestHeaders: { add: ["X: 1"], remove: ["y"] },
  });
  assert.deepEqual(both.RequestHeaders, { add: ["X:1", "host:a.test"], remove: ["y"] });
});

test("moduleOptions() refuses a host that is none, before the edge or a service has to", async () => {
  for (
    const hostHeader of ["a b", "http://a.test", "a.test/", "a\r\nX: 1", "user@a.test", "a:99999"]
  ) {
    await assert.rejects(http({ hostHeader }), (thrown: Error) => {
      assert.match(thrown.message, /neither "preserve" nor "rewrite" nor a host/);
      return true;
    });
  }
  const { RequestHeaders } = await http({ hostHeader: "${req.host}.local" });
  assert.deepEqual(RequestHeaders, { add: ["host:${req.host}.local"] });
});

test("moduleOptions() asks for nothing that was not asked for", async () => {
  assert.deepEqual(await http({}), {});
  assert.deepEqual(
    await http({
      basicAuth: [],
      cidrs: {},
      compression: false,
      websocketTcpConverter: false,
      requestHeaders: { add: [] },
    }),
    {},
  );
});

test("moduleOptions() sends authorities as PEM, under the key of the endpoint's kind", async () => {
  const { MutualTLSCA } = await http({ mutualTlsCas: "/ca.pem" }) as Record<string, object>;
  assert.deepEqual(decoded(Object.values(MutualTLSCA)[0]), `${CERTIFICATE}\n${CERTIFICATE}\n`);
  const tls = await moduleOptions({ mutualTlsCas: CERTIFICATE }, "tls", files);
  assert.deepEqual(Object.keys(tls), ["MutualTLSAtEdge"]);
  await assert.rejects(http({ mutualTlsCas: "/nowhere" }), { code: "not_found" });
});

test("moduleOptions() ends TLS at the edge with the edge's certificate or one's own", async () => {
  const tls = (termination: object) =>
    moduleOptions({ terminateAtEdge: termination }, "tls", files);
  assert.deepEqual(await tls({}), { TLSTermination: {} });
  const { TLSTermination } = await tls({ certificate: "/ca.pem", privateKey: "/key.pem" }) as {
    TLSTermination: Record<string, string>;
  };
  assert.equal(decoded(TLSTermination.key), KEY + "\n");
  assert.match(decoded(TLSTermination.cert), /^-----BEGIN CERTIFICATE/);
  await assert.rejects(tls({ certificate: "/ca.pem" }), /come together, one is missing/);
  await assert.rejects(
    tls({ certificate: "/ca.pem", privateKey: "/ca.pem" }),
    /"\/ca.pem" contains none in PEM form/,
  );
});

test("moduleOptions() refuses what the kind of endpoint cannot have", async () => {
  await assert.rejects(moduleOptions({ compression: true }, "tcp", files), {
    code: "config_invalid",
    message: 'Cannot use "compression" with a tcp endpoint: it is for http endpoints',
  });
  await assert.rejects(
    http({ terminateAtEdge: {} }),
    /"terminateAtEdge" with a http endpoint: it is for tls endpoints/,
  );
  assert.deepEqual(await moduleOptions({ cidrs: { deny: ["::/0"] } }, "tcp", files), {
    IPRestriction: { deny_cidrs: ["::/0"] },
  });
});

test("moduleOptions() names what is malformed, and never shows a password", async () => {
  await assert.rejects(http({ basicAuth: ["hunter2hunter2"] }), (error: Error) => {
    assert.match(error.message, /not of the form user:password/);
    assert.ok(!error.message.includes("hunter2"));
    return true;
  });
  await assert.rejects(http({ requestHeaders: { add: ["X"] } }), /"X" as a request header/);
});

test("endpointModulesSchema refuses what it does not know", () => {
  assert.equal(check(endpointModulesSchema, { basicAuth: ["a:b"] }).ok, true);
  assert.equal(check(endpointModulesSchema, { basicauth: ["a:b"] }).ok, false);
  assert.equal(check(endpointModulesSchema, { circuitBreaker: 2 }).ok, false);
});
