import assert from "node:assert/strict";
import { endpointDefinition, tunnelDefinition } from "../../../../lib/api/agent/definition.ts";
import { test } from "../../../harness.ts";

test("tunnelDefinition() reads text where a truth value, a number or a list belongs", () => {
  assert.deepEqual(
    tunnelDefinition({
      ...{ name: 7, proto: "http", addr: "5000", inspect: "true", bind_tls: "False" },
      ...{ circuit_breaker: "0.5", proxy_proto: "2", schemes: "https", basic_auth: "a:bcdefghi" },
    }),
    {
      ...{ name: "7", proto: "http", addr: "5000", inspect: true, bind_tls: false },
      ...{ circuit_breaker: 0.5, proxy_proto: 2, schemes: ["https"], basic_auth: ["a:bcdefghi"] },
    },
  );
  // What cannot be read stays for whoever says what is wrong with it.
  assert.deepEqual(tunnelDefinition({ name: "a", inspect: "maybe", bind_tls: "both" }), {
    ...{ name: "a", inspect: "maybe", bind_tls: "both" },
  });
});

test("tunnelDefinition() leaves away what says nothing, and what the npm package adds for itself", () => {
  const posted = {
    ...{ addr: 8080, port: 8080, authtoken: "t", region: "eu", configPath: "/x", hostname: null },
    ...{ subdomain: "", name: "a", proto: "http", httpauth: "u:p", auth: "u:p" },
  };
  assert.deepEqual(tunnelDefinition(posted), {
    ...{ name: "a", proto: "http", addr: 8080, auth: "u:p" },
  });
  // A port that is not the one to forward to was meant to be it.
  assert.equal(tunnelDefinition({ name: "a", addr: "80", port: "8501" }).port, "8501");
  assert.equal(tunnelDefinition({ name: "a", addr: "b.test", host: "b.test" }).host, undefined);
  assert.equal(tunnelDefinition({ name: "a", addr: "80", host: "b.test" }).host, "b.test");
  assert.deepEqual(
    tunnelDefinition({ name: "a", auth: ["u:p", "v:q"], basic_auth: ["w:r"] }).basic_auth,
    ["w:r", "u:p", "v:q"],
  );
});

test("endpointDefinition() takes back what an answer said, edited", () => {
  const answered = {
    ...{ name: "a", uri: "/api/endpoints/a", url: "https://a.test", metrics: {}, inspect: true },
    ...{ traffic_policy: "", description: "", bindings: "public", pooling_enabled: "true" },
    upstream: { url: "http://localhost:80", protocol: "http1", proxy_protocol: "1" },
  };
  assert.deepEqual(endpointDefinition(answered), {
    ...{ name: "a", url: "https://a.test", inspect: true, bindings: ["public"] },
    ...{ pooling_enabled: true },
    upstream: { url: "http://localhost:80", protocol: "http1", proxy_protocol: 1 },
  });
  assert.deepEqual(endpointDefinition({ upstream: 8080 }), { upstream: { url: 8080 } });
  assert.deepEqual(endpointDefinition({ name: "a" }), { name: "a" });
});

test("tunnelDefinition() takes flat keys for those inside of others, and single values for lists", () => {
  const { name: _, ...definition } = tunnelDefinition({
    ...{ "oauth.provider": "github", "oauth.allow_domains": "a.test", oauth: { scopes: ["x"] } },
    ...{ "ip_restriction.allow_cidrs": ["::/0"], request_header: { add: "A: b", remove: null } },
    ...{ traffic_policy: { inbound: [{ "a.b": null }] }, "odd.key": 1, verify_webhook: "slack" },
  });
  assert.deepEqual(definition, {
    oauth: { provider: "github", allow_domains: ["a.test"], scopes: ["x"] },
    ...{ ip_restriction: { allow_cidrs: ["::/0"] }, request_header: { add: ["A: b"] } },
    ...{ traffic_policy: { inbound: [{ "a.b": null }] }, "odd.key": 1, verify_webhook: "slack" },
  });
});
