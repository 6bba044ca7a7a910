/**
 * The rows of the store, as the rest of the program sees them: snake_case as the REST API spells
 * them, times as milliseconds since 1970, lists and objects as themselves. How they lie in columns
 * is the business of `object_table.ts`; which columns there are, of `migrations.ts`.
 *
 * @module
 */

/** What every object has. */
export interface ObjectRow {
  /** Prefix and KSUID; newer sorts later. */
  readonly id: string;
  /** Whose it is: no method gives an account the object of another. */
  readonly account_id: string;
  /** Milliseconds since 1970. */
  readonly created_at: number;
  /** Milliseconds since 1970. */
  readonly updated_at: number;
  /** For people. */
  readonly description: string;
  /** For programs. */
  readonly metadata: string;
}

/** An account: the wall between owners. */
export interface AccountRow {
  /** `ac_…`. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly created_at: number;
  /** Its agents and keys are refused while true. */
  readonly suspended: boolean;
}

/** A token or a key: known by its hash alone. */
export interface CredentialRow extends ObjectRow {
  /** A service user, or `null` for the account's owner. */
  readonly owner_id: string | null;
  /** The first part of the token: finds the row, proves nothing. */
  readonly lookup: string;
  /** SHA-256 of the whole token, hexadecimal. */
  readonly token_sha256: string;
  /** When it was deleted; the row stays so that its use can be told from a wrong token. */
  readonly revoked_at: number | null;
}

/** An agent's authtoken. */
export interface AuthtokenRow extends CredentialRow {
  /** Rules of what may be bound; empty allows everything. */
  readonly acl: readonly string[];
}

/** A key of the REST API. */
export type ApiKeyRow = CredentialRow;

/** A user without a person. */
export interface ServiceUserRow extends ObjectRow {
  /** For people. */
  readonly name: string;
  /** Its credentials are refused while false. */
  readonly active: boolean;
}

/** A name that only its account may bind. */
export interface ReservedDomainRow extends ObjectRow {
  /** Normalized; `*.` in front makes it a wildcard. Unique in the edge. */
  readonly domain: string;
  /** Deprecated upstream; kept as given. */
  readonly region: string;
  /** `cert_…`, or `null`. */
  readonly certificate_id: string | null;
  /** How certificates are got, or `null` for by hand. */
  readonly certificate_management_policy: {
    readonly authority: string;
    readonly private_key_type: string;
  } | null;
  /** Which points of presence answer; empty is all. */
  readonly resolves_to: readonly { readonly value: string }[];
}

/** A TCP address that only its account may bind. */
export interface ReservedAddrRow extends ObjectRow {
  /** `host:port`. Unique in the edge. */
  readonly addr: string;
  /** Kept as given. */
  readonly region: string;
}

/** A set of rules. */
export type IpPolicyRow = ObjectRow;

/** One rule of a policy. */
export interface IpPolicyRuleRow extends ObjectRow {
  /** `ipp_…`. */
  readonly ip_policy_id: string;
  /** Lowest address and prefix length. */
  readonly cidr: string;
  /** What it does. */
  readonly action: "allow" | "deny";
}

/** Who may reach what. */
export interface IpRestrictionRow extends ObjectRow {
  /** What is restricted. */
  readonly type: "agent" | "api" | "dashboard" | "endpoints";
  /** False only logs. */
  readonly enforced: boolean;
  /** `ipp_…`. */
  readonly ip_policy_ids: readonly string[];
}

/** An uploaded certificate. */
export interface TlsCertificateRow extends ObjectRow {
  /** Leaf first. */
  readonly certificate_pem: string;
  /** The key, sealed. */
  readonly private_key_sealed: string;
  /** What the leaf says: subject, names, times, usages. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** An authority that visitors' certificates may chain to. */
export interface CertificateAuthorityRow extends ObjectRow {
  /** PEM. */
  readonly ca_pem: string;
  /** What the certificate says. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** A name of its own for the agent door. */
export interface AgentIngressRow extends ObjectRow {
  /** Unique in the edge. */
  readonly domain: string;
  /** How certificates are got. */
  readonly certificate_management_policy: {
    readonly authority: string;
    readonly private_key_type: string;
  } | null;
}

/** Where events go. */
export interface EventDestinationRow extends ObjectRow {
  /** `json`. */
  readonly format: string;
  /** The kind of target and what of it is no secret. */
  readonly target: Readonly<Record<string, unknown>>;
  /** The secrets of the target, sealed; `null` when it has none. */
  readonly target_sealed: string | null;
}

/** Which events go where. */
export interface EventSubscriptionRow extends ObjectRow {
  /** By type. */
  readonly sources: readonly {
    readonly type: string;
    readonly filter?: string;
    readonly fields?: readonly string[];
  }[];
  /** `ed_…`. */
  readonly destination_ids: readonly string[];
}

/** A place for secrets. */
export interface VaultRow extends ObjectRow {
  /** Unique in the account. */
  readonly name: string;
  /** Who made it: an id. */
  readonly created_by: string;
  /** Who changed it last: an id. */
  readonly last_updated_by: string;
}

/** A secret that policies may read. */
export interface SecretRow extends ObjectRow {
  /** Unique in the vault. */
  readonly name: string;
  /** `vault_…`. */
  readonly vault_id: string;
  /** The value, sealed. */
  readonly value_sealed: string;
  /** Who made it: an id. */
  readonly created_by: string;
  /** Who changed it last: an id. */
  readonly last_updated_by: string;
}

/** An endpoint that no agent serves: a policy answers. */
export interface CloudEndpointRow extends ObjectRow {
  /** Normalized. */
  readonly url: string;
  /** At most one. */
  readonly bindings: readonly string[];
  /** YAML or JSON text. */
  readonly traffic_policy: string;
  /** Whether others may share its URL. */
  readonly pooling_enabled: boolean;
}

/** A session of an agent that is or was. */
export interface AgentSessionRow extends ObjectRow {
  /** `cr_…`. */
  readonly credential_id: string;
  /** The agent's address. */
  readonly ip: string;
  /** What the agent said. */
  readonly os: string;
  /** What the agent said. */
  readonly agent_version: string;
  /** `ngrok/3`, `ngrok/2`. */
  readonly transport: string;
  /** What the agent said. */
  readonly user_agent: string;
  /** When it ended; `null` while it lasts, or when the edge died with it. */
  readonly ended_at: number | null;
  /** Why it ended. */
  readonly end_reason: string | null;
}

/** Something that happened to an object: the audit trail. */
export interface AuditEventRow extends ObjectRow {
  /** `domain_created.v0` … */
  readonly type: string;
  /** Who did it: id, kind and credential; `null` for the edge itself. */
  readonly principal: Readonly<Record<string, unknown>> | null;
  /** The object as it was after, or before it was deleted. No secret is in it. */
  readonly object: Readonly<Record<string, unknown>>;
}

/** Every table that belongs to accounts. */
export interface ObjectTables {
  /** Agents' tokens. */
  authtokens: AuthtokenRow;
  /** Keys of the API. */
  api_keys: ApiKeyRow;
  /** Users without a person, `service_…`. */
  service_users: ServiceUserRow;
  /** The same under their old name, `bot_…`. */
  bot_users: ServiceUserRow;
  /** Names. */
  reserved_domains: ReservedDomainRow;
  /** TCP addresses. */
  reserved_addrs: ReservedAddrRow;
  /** Sets of rules. */
  ip_policies: IpPolicyRow;
  /** Their rules. */
  ip_policy_rules: IpPolicyRuleRow;
  /** Who may reach what. */
  ip_restrictions: IpRestrictionRow;
  /** Uploaded certificates. */
  tls_certificates: TlsCertificateRow;
  /** Uploaded authorities. */
  certificate_authorities: CertificateAuthorityRow;
  /** Names of the agent door. */
  agent_ingresses: AgentIngressRow;
  /** Where events go. */
  event_destinations: EventDestinationRow;
  /** Which events go where. */
  event_subscriptions: EventSubscriptionRow;
  /** Places for secrets. */
  vaults: VaultRow;
  /** Secrets. */
  secrets: SecretRow;
  /** Endpoints without an agent. */
  cloud_endpoints: CloudEndpointRow;
  /** Session history. */
  agent_sessions: AgentSessionRow;
  /** Audit trail. */
  audit_events: AuditEventRow;
}

/** The name of a table that belongs to accounts. */
export type TableName = keyof ObjectTables;

/** How a column is kept when it is not text or a number. */
export interface ColumnKinds {
  /** Kept as JSON text. */
  readonly json?: readonly string[];
  /** Kept as 0 and 1. */
  readonly boolean?: readonly string[];
}

/** The columns of each table that are kept as something else. */
export const COLUMN_KINDS: { readonly [T in TableName]: ColumnKinds } = {
  authtokens: { json: ["acl"] },
  api_keys: {},
  service_users: { boolean: ["active"] },
  bot_users: { boolean: ["active"] },
  reserved_domains: { json: ["certificate_management_policy", "resolves_to"] },
  reserved_addrs: {},
  ip_policies: {},
  ip_policy_rules: {},
  ip_restrictions: { json: ["ip_policy_ids"], boolean: ["enforced"] },
  tls_certificates: { json: ["facts"] },
  certificate_authorities: { json: ["facts"] },
  agent_ingresses: { json: ["certificate_management_policy"] },
  event_destinations: { json: ["target"] },
  event_subscriptions: { json: ["sources", "destination_ids"] },
  vaults: {},
  secrets: {},
  cloud_endpoints: { json: ["bindings"], boolean: ["pooling_enabled"] },
  agent_sessions: {},
  audit_events: { json: ["principal", "object"] },
};
