/** @module */
import assert from "node:assert/strict";
import type { TunnelError } from "../../../lib/base/errors.ts";
import { bindPolicy, repolicy } from "../../../lib/edge/bind_policy.ts";
import type { EndpointProto } from "../../../lib/edge/endpoint.ts";
import type { PolicyServices } from "../../../lib/policy/action.ts";
import { nodeCodecs } from "../../../lib/runtime/node_codecs.ts";
import { test } from "../../harness.ts";
import {
  connectContext,
  requestContext,
  responseContext,
  testServices,
} from "../policy/testing.ts";

const SERVICES: PolicyServices = testServices({
  codecs: nodeCodecs,
  ipPolicy: (id) =>
    Promise.resolve(
      id === "ipp_1" ? { rules: [{ cidr: "192.0.2.0/24", action: "allow" }] } : undefined,
    ),
});

function policyOf(options: Record<string, unknown>, proto: EndpointProto = "https", refs?: string) {
  return bindPolicy({ proto, binding: "public", options, ipPolicyRef: refs }, SERVICES);
}

async function codeOf(options: Record<string, unknown>, proto: EndpointProto = "https") {
  try {
    await policyOf(options, proto);
  } catch (thrown) {
    return (thrown as TunnelError).ngrokCode;
  }
}

/** The number that a request gets; `undefined` when it passes. */
async function refusal(options: Record<string, unknown>, ...lines: string[]) {
  const policy = await policyOf(options);
  const outcome = await policy!.onHttpRequest!(requestContext(["GET / HTTP/1.1", ...lines]));
  return outcome?.do === "fail" ? outcome.problem.ngrokCode : outcome;
}

test("bindPolicy() has nothing to do for what clients send when nothing is set", async () => {
  const unset = {
    Auth: "",
    BasicAuth: null,
    IPRestriction: { allow_cidrs: [] },
    Policy: null,
    RequestHeaders: { add: [], remove: [], addParsed: {} },
    TrafficPolicy: "",
    UserAgentFilter: {},
    WebhookVerification: null,
    CircuitBreaker: {},
  };
  assert.equal(await policyOf(unset), undefined);
  assert.equal(await policyOf({ TrafficPolicy: "{}" }, "tcp"), undefined);
  assert.equal(await policyOf({ Policy: { inbound: [], outbound: [] } }), undefined);
});

test("bindPolicy() enforces basic auth of v2 agents and of newer clients, whatever is in a password", async () => {
  const header = (pair: string) => `Authorization: Basic ${btoa(pair)}`;
  for (
    const options of [
      { Auth: "u:pass${word}" },
      { basicauth: { credentials: [{ username: "u", cleartext_password: "pass${word}" }] } },
    ]
  ) {
    assert.equal(await refusal(options, header("u:pass${word}")), undefined);
    assert.equal(await refusal(options, header("u:password")), 3007);
  }
});

test("bindPolicy() takes a short password of v2 agents, which know no minimum", async () => {
  const header = (pair: string) => `Authorization: Basic ${btoa(pair)}`;
  assert.equal(await refusal({ Auth: "u:pass" }, header("u:pass")), undefined);
  assert.equal(await refusal({ Auth: "u:pass" }, header("u:past")), 3007);
  const policy =
    "on_http_request: [{ actions: [{ type: basic-auth, config: { credentials: ['u:pass'] } }] }]";
  assert.equal(await codeOf({ TrafficPolicy: policy }), 2215);
});

test("bindPolicy() restricts addresses by request or by connection, and by IP policies", async () => {
  const options = { IPRestriction: { allow_cidrs: ["198.51.100.0/24"] } };
  assert.equal(await refusal(options), 3205);
  const raw = await policyOf(options, "tcp");
  assert.deepEqual(raw!.onTcpConnect!(connectContext()), { do: "close" });
  const named = await policyOf({}, "https", " ipp_1 ");
  assert.equal(named!.onHttpRequest!(requestContext()), undefined);
  await assert.rejects(policyOf({}, "https", "ipp_2"), { ngrokCode: 2216 });
});

test("bindPolicy() filters user agents, and edits headers: removals first, several of one name", async () => {
  assert.equal(await refusal({ UserAgentFilter: { deny: ["curl"] } }, "User-Agent: curl/8"), 3211);
  const policy = await policyOf({
    RequestHeaders: {
      add: ["x-a: 1", "X-A:2", "host:inner", "x-url:http://b"],
      remove: ["x-a", "Host"],
      addParsed: { "x-p": "3" },
    },
    ResponseHeaders: { remove: ["server"] },
    Compression: {},
  });
  const request = requestContext(["GET / HTTP/1.1", "X-A: 0"]);
  assert.equal(await policy!.onHttpRequest!(request), undefined);
  const { headers } = request.request;
  assert.deepEqual(["x-a", "host", "x-url", "x-p"].map((name) => headers.all(name)), [
    ["1", "2"],
    ["inner"],
    ["http://b"],
    ["3"],
  ]);
  const response = responseContext(["HTTP/1.1 200 OK", "Server: s"], request);
  assert.equal(await policy!.onHttpResponse!(response), undefined);
  assert.equal(response.response.headers.has("server"), false);
});

test("bindPolicy() lets a traffic policy stand behind the modules", async () => {
  const options = {
    UserAgentFilter: { deny: ["curl"] },
    TrafficPolicy: "on_http_request: [{ actions: [{ type: deny, config: { status_code: 418 } }] }]",
  };
  assert.equal(await refusal(options, "User-Agent: curl/8"), 3211);
  const outcome = await refusal(options, "User-Agent: other");
  assert.ok(typeof outcome === "object" && outcome.do === "respond");
  assert.equal(outcome.response.status, 418);
});

const WRONG: readonly [options: Record<string, unknown>, code: number, proto?: EndpointProto][] = [
  [{ Auth: "nopassword" }, 301],
  [{ Auth: ":password" }, 359],
  [{ Auth: "u:" }, 360],
  [{ BasicAuth: { credentials: [{ username: "u", cleartext_password: "short" }] } }, 360],
  [{ Auth: `u:${"x".repeat(129)}` }, 360],
  [{ BasicAuth: { credentials: [{ username: "", cleartext_password: "password" }] } }, 359],
  [{ BasicAuth: { credentials: [{ username: "a:b", cleartext_password: "password" }] } }, 2257],
  [{ BasicAuth: { credentials: [{ username: "u", hashed_password: "JDJi" }] } }, 813],
  [{ Auth: `${"u".repeat(129)}:password` }, 15008],
  [{
    BasicAuth: { credentials: Array(11).fill({ username: "u", cleartext_password: "password" }) },
  }, 15009],
  [{ CircuitBreaker: { error_threshold: 1.5 } }, 361],
  [{ CircuitBreaker: { error_threshold: "x" } }, 361],
  [{ IPRestriction: { allow_cidrs: ["1.2.3.4"] } }, 362],
  [{ IPRestriction: { deny_cidrs: ["1.2.3.4/32"] } }, 393],
  [{ IPRestriction: { allow_cidrs: [7] } }, 301],
  [{ WebhookVerification: { provider: "nobody", secret: "s" } }, 364],
  [{ WebhookVerification: { provider: "github", sealed_secret: "s" } }, 813],
  [{ UserAgentFilter: { allow: ["("] } }, 2090],
  [{ RequestHeaders: { add: ["nocolon"] } }, 301],
  [{ RequestHeaders: { remove: ["content-length"] } }, 2219],
  [{ RequestHeaders: { remove: ["host"] } }, 14000],
  [{ Policy: { inbound: [{}] }, TrafficPolicy: "on_http_request: []" }, 9025],
  [{ TrafficPolicy: "on_http_request: [" }, 9026],
  [{ TrafficPolicy: "actions: []" }, 2230],
  [{ TrafficPolicy: "on_http_request: [{ actions: [{ type: oauth }] }]" }, 2201],
  [{ TrafficPolicy: "on_http_request: [{ actions: [{ type: deny }] }]" }, 2230, "tcp"],
  [{ Auth: "user:password" }, 2205, "tcp"],
  [{ Compression: {} }, 2205, "tls"],
];

for (const [options, code, proto] of WRONG) {
  test(`bindPolicy() refuses ${JSON.stringify(options).slice(0, 90)} (${proto ?? "https"}) with ${code}`, async () => {
    assert.equal(await codeOf(options, proto), code);
  });
}

test("bindPolicy() never repeats a password in its refusal", async () => {
  for (
    const options of [{
      BasicAuth: { credentials: [{ username: "u", cleartext_password: "hunter2" }] },
    }, { Auth: `u:${"hunter2".repeat(20)}` }]
  ) {
    await assert.rejects(policyOf(options), (error: Error) => !error.message.includes("hunter2"));
  }
});

test("bindPolicy() refuses on_tcp_connect on internal http endpoints, and allows it on raw ones", async () => {
  const options = { TrafficPolicy: "on_tcp_connect: [{ actions: [{ type: deny }] }]" };
  const wish = { binding: "internal", options } as const;
  await assert.rejects(bindPolicy({ ...wish, proto: "https" }, SERVICES), { ngrokCode: 2262 });
  assert.ok((await bindPolicy({ ...wish, proto: "tls" }, SERVICES))?.onTcpConnect);
});

test("repolicy() changes the traffic policy and leaves the modules", async () => {
  const facts = {
    proto: "https",
    binding: "public",
    options: { UserAgentFilter: { deny: ["curl"] }, Policy: { outbound: [] }, trafficpolicy: "x" },
  } as unknown as Parameters<typeof repolicy>[0];
  const text = "on_http_response: [{ actions: [{ type: custom-response }] }]";
  const { options, policy } = await repolicy(facts, text, SERVICES);
  assert.deepEqual(options, { UserAgentFilter: { deny: ["curl"] }, TrafficPolicy: text });
  assert.ok(policy?.onHttpRequest && policy.onHttpResponse);
  const without = await repolicy(facts, "", SERVICES);
  assert.equal(without.policy!.onHttpResponse, undefined);
  await assert.rejects(repolicy(facts, "on_http_request: 1", SERVICES), { ngrokCode: 9026 });
});
