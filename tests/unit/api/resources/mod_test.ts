import assert from "node:assert/strict";
import { RESOURCES } from "../../../../lib/api/resources/mod.ts";
import { test } from "../../../harness.ts";

/** Every route of spec rest-api D and E14, with what we add to it. */
const ROUTES = `
GET /agent_ingresses
POST /agent_ingresses
GET /agent_ingresses/{id}
PATCH /agent_ingresses/{id}
DELETE /agent_ingresses/{id}
GET /api_keys
POST /api_keys
GET /api_keys/{id}
PATCH /api_keys/{id}
DELETE /api_keys/{id}
GET /bot_users
POST /bot_users
GET /bot_users/{id}
PATCH /bot_users/{id}
DELETE /bot_users/{id}
GET /certificate_authorities
POST /certificate_authorities
GET /certificate_authorities/{id}
PATCH /certificate_authorities/{id}
DELETE /certificate_authorities/{id}
GET /credentials
POST /credentials
GET /credentials/{id}
PATCH /credentials/{id}
DELETE /credentials/{id}
GET /endpoints
POST /endpoints
GET /endpoints/{id}
PATCH /endpoints/{id}
DELETE /endpoints/{id}
GET /event_destinations
POST /event_destinations
GET /event_destinations/{id}
PATCH /event_destinations/{id}
DELETE /event_destinations/{id}
POST /event_destinations/{id}/send_test_event
GET /event_subscriptions/{subscription_id}/sources
POST /event_subscriptions/{subscription_id}/sources
GET /event_subscriptions/{subscription_id}/sources/{type}
PATCH /event_subscriptions/{subscription_id}/sources/{type}
DELETE /event_subscriptions/{subscription_id}/sources/{type}
GET /event_subscriptions
POST /event_subscriptions
GET /event_subscriptions/{id}
PATCH /event_subscriptions/{id}
DELETE /event_subscriptions/{id}
GET /ip_policies
POST /ip_policies
GET /ip_policies/{id}
PATCH /ip_policies/{id}
DELETE /ip_policies/{id}
GET /ip_policy_rules
POST /ip_policy_rules
GET /ip_policy_rules/{id}
PATCH /ip_policy_rules/{id}
DELETE /ip_policy_rules/{id}
GET /ip_restrictions
POST /ip_restrictions
GET /ip_restrictions/{id}
PATCH /ip_restrictions/{id}
DELETE /ip_restrictions/{id}
GET /reserved_addrs
POST /reserved_addrs
GET /reserved_addrs/{id}
PATCH /reserved_addrs/{id}
DELETE /reserved_addrs/{id}
DELETE /reserved_addrs/{id}/endpoint_configuration
GET /reserved_domains
POST /reserved_domains
GET /reserved_domains/{id}
PATCH /reserved_domains/{id}
DELETE /reserved_domains/{id}
DELETE /reserved_domains/{id}/certificate
DELETE /reserved_domains/{id}/certificate_management_policy
DELETE /reserved_domains/{id}/http_endpoint_configuration
DELETE /reserved_domains/{id}/https_endpoint_configuration
GET /service_users
POST /service_users
GET /service_users/{id}
PATCH /service_users/{id}
DELETE /service_users/{id}
GET /tls_certificates
POST /tls_certificates
GET /tls_certificates/{id}
PATCH /tls_certificates/{id}
DELETE /tls_certificates/{id}
GET /tunnel_sessions
GET /tunnel_sessions/{id}
POST /tunnel_sessions/{id}/restart
POST /tunnel_sessions/{id}/stop
POST /tunnel_sessions/{id}/update
GET /tunnels
GET /tunnels/{id}
GET /vault_secrets
POST /vault_secrets
GET /vault_secrets/{id}
PATCH /vault_secrets/{id}
DELETE /vault_secrets/{id}
GET /vaults
POST /vaults
GET /vaults/{id}
PATCH /vaults/{id}
DELETE /vaults/{id}
GET /vaults/{id}/secrets
GET /self
GET /
`.trim().split("\n");

test("RESOURCES has every route of the specification, and no other", () => {
  const found = RESOURCES.flatMap(({ operations }) =>
    operations.map(({ method, path }) => `${method} ${path}`)
  );
  assert.deepEqual(found, ROUTES);
});

test("RESOURCES says of each operation what it must", () => {
  const verbs = new Set<string>();
  for (const { name, about, operations } of RESOURCES) {
    assert.match(about, /\.$/, name);
    for (const operation of operations) {
      const { verb, path, params, summary, method, body, answer, status } = operation;
      assert.ok(!verbs.has(`${name} ${verb}`), `${name} ${verb} is there twice`);
      verbs.add(`${name} ${verb}`);
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, param]) => param);
      assert.deepEqual(Object.keys(params), named, path);
      assert.match(summary, /^[A-Z].*[^.]$/);
      assert.equal(body !== undefined, method === "POST" || method === "PATCH", path);
      assert.equal(answer === undefined, status === 204, path);
      assert.ok(!body || body.examples.length > 0, path);
    }
  }
});
