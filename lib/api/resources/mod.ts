/**
 * Every resource, in the order of the documentation. A new one is a file and a line here.
 *
 * @module
 */
import type { Resource } from "../resource.ts";
import { agentIngresses } from "./agent_ingresses.ts";
import { apiKeys } from "./api_keys.ts";
import { certificateAuthorities } from "./certificate_authorities.ts";
import { credentials } from "./credentials.ts";
import { endpoints } from "./endpoints.ts";
import { eventDestinations } from "./event_destinations.ts";
import { eventSources } from "./event_sources.ts";
import { eventSubscriptions } from "./event_subscriptions.ts";
import { ipPolicies } from "./ip_policies.ts";
import { ipPolicyRules } from "./ip_policy_rules.ts";
import { ipRestrictions } from "./ip_restrictions.ts";
import { reservedAddrs } from "./reserved_addrs.ts";
import { reservedDomains } from "./reserved_domains.ts";
import { rootOperation, self } from "./self.ts";
import { botUsers, serviceUsers } from "./service_users.ts";
import { tlsCertificates } from "./tls_certificates.ts";
import { tunnelSessions } from "./tunnel_sessions.ts";
import { tunnels } from "./tunnels.ts";
import { vaultSecrets } from "./vault_secrets.ts";
import { vaults } from "./vaults.ts";

const collections: readonly Resource[] = [
  agentIngresses,
  apiKeys,
  botUsers,
  certificateAuthorities,
  credentials,
  endpoints,
  eventDestinations,
  eventSources,
  eventSubscriptions,
  ipPolicies,
  ipPolicyRules,
  ipRestrictions,
  reservedAddrs,
  reservedDomains,
  serviceUsers,
  tlsCertificates,
  tunnelSessions,
  tunnels,
  vaultSecrets,
  vaults,
];

/** The API itself. */
const root: Resource = {
  name: "root",
  isCollection: false,
  about: "What the API has.",
  operations: [rootOperation(collections.filter(({ isCollection = true }) => isCollection))],
};

/** Every resource. */
export const RESOURCES: readonly Resource[] = [...collections, self, root];
