/**
 * For which names the edge may ask an ACME server for a certificate, and which certificate that is:
 * only for names that somebody here owns, so that nobody can make it ask by typing names.
 *
 * - the base domains and the API below them; with dns-01 a wildcard covers all of it
 * - reserved domains; a wildcard only with dns-01
 * - names of other domains whose endpoint is online
 * - agent ingresses, when their account orders one; without an order agents are served by the edge's
 *   own authority there, as everywhere
 *
 * Names below a base domain that nobody has reserved get none of their own: they come and go, and a
 * server signs only so many a week.
 *
 * Asked by `acme_keeper.ts`.
 *
 * @module
 */
import type { AgentIngressRow, ReservedDomainRow } from "../../store/tables.ts";
import { isUnder } from "../names.ts";
import type { KeyType } from "./issuer.ts";
import { coversName } from "./x509.ts";

/** A certificate that is wanted. */
export interface WantedCertificate {
  /** Its names; the first one is what it is kept under. */
  readonly names: readonly string[];
  /** Whose; `undefined` is the edge's own. */
  readonly accountId: string | undefined;
  /** The type of its key. */
  readonly keyType: KeyType;
}

/** What decides. */
export interface WantedFacts {
  /** The base domains. */
  readonly domains: readonly string[];
  /** Whether names can be proved in DNS. */
  readonly hasDns: boolean;
  /** Whether agents are served a public certificate too. */
  readonly publicAgents: boolean;
  /** The type of keys unless an account says otherwise. */
  readonly keyType: KeyType;
  /** Whether the operator has a certificate for a name. */
  readonly isCovered: (name: string) => boolean;
  /** The reservation that decides about a name. */
  readonly ownerOf: (name: string) => ReservedDomainRow | undefined;
  /** Every reservation. */
  readonly reserved: () => Iterable<ReservedDomainRow>;
  /** The agent ingress that a name is; absent where accounts have none. */
  readonly ingressOf?: ((name: string) => AgentIngressRow | undefined) | undefined;
  /** Every agent ingress. */
  readonly ingresses?: (() => Iterable<AgentIngressRow>) | undefined;
  /** The endpoint that serves a name. */
  readonly endpointOf: (
    name: string,
  ) => { readonly host: string; readonly accountId: string } | undefined;
}

/**
 * The certificate that a name should have.
 *
 * @param name lower case
 * @param facts what decides
 * @returns `undefined` when the edge asks nobody for it
 */
export function wantedFor(name: string, facts: WantedFacts): WantedCertificate | undefined {
  if (!isPublic(name) || facts.isCovered(name)) return undefined;
  const { domains, hasDns, keyType, publicAgents } = facts;
  for (const domain of domains) {
    if (name === `connect.${domain}` && !publicAgents) return undefined;
    const isOwn = name === domain ||
      ownLabels(facts).some((label) => name === `${label}.${domain}`);
    if (isOwn || (hasDns && coversName(`*.${domain}`, name))) {
      const names = hasDns ? [domain, `*.${domain}`] : [name];
      return { names, accountId: undefined, keyType };
    }
  }
  const ingress = facts.ingressOf?.(name);
  if (ingress) return ingressWanted(ingress, facts);
  const row = facts.ownerOf(name);
  if (row) {
    const wanted = rowWanted(row, facts);
    if (row.domain === name || (wanted && coversName(row.domain, name))) return wanted;
  }
  const endpoint = facts.endpointOf(name);
  if (endpoint?.host !== name) return undefined;
  const isForeign = !domains.some((domain) => isUnder(name, domain));
  if (!row && !isForeign) return undefined;
  const accountId = row?.account_id ?? endpoint.accountId;
  // Whoever holds a name that is another's must not spend the other's share.
  if (accountId !== endpoint.accountId) return undefined;
  return { names: [name], accountId, keyType: row ? keyTypeOf(row, facts) : keyType };
}

/** The certificates that are wanted whether or not anybody asks: the edge's own, and those that accounts have ordered. */
export function alwaysWanted(facts: WantedFacts): WantedCertificate[] {
  const wanted = new Map<string, WantedCertificate>();
  for (const domain of facts.domains) {
    for (const name of [domain, ...ownLabels(facts).map((label) => `${label}.${domain}`)]) {
      const one = wantedFor(name, facts);
      if (one) wanted.set(one.names[0], one);
    }
  }
  for (const row of facts.reserved()) {
    if (!row.certificate_management_policy || row.certificate_id) continue;
    const one = facts.isCovered(row.domain) ? undefined : rowWanted(row, facts);
    if (one) wanted.set(one.names[0], one);
  }
  for (const row of facts.ingresses?.() ?? []) {
    const one = facts.isCovered(row.domain) ? undefined : ingressWanted(row, facts);
    if (one) wanted.set(one.names[0], one);
  }
  return [...wanted.values()];
}

function ownLabels({ publicAgents }: WantedFacts): string[] {
  return publicAgents ? ["api", "connect"] : ["api"];
}

/** The certificate of a reserved domain. */
function rowWanted(row: ReservedDomainRow, facts: WantedFacts): WantedCertificate | undefined {
  if (row.certificate_id || !isPublic(row.domain)) return undefined;
  if (row.domain.startsWith("*.") && !facts.hasDns) return undefined;
  return { names: [row.domain], accountId: row.account_id, keyType: keyTypeOf(row, facts) };
}

/** The certificate of an agent ingress. */
function ingressWanted(row: AgentIngressRow, facts: WantedFacts): WantedCertificate | undefined {
  if (!row.certificate_management_policy || !isPublic(row.domain)) return undefined;
  return { names: [row.domain], accountId: row.account_id, keyType: keyTypeOf(row, facts) };
}

function keyTypeOf(
  row: Pick<ReservedDomainRow, "certificate_management_policy">,
  { keyType }: WantedFacts,
): KeyType {
  const asked = row.certificate_management_policy?.private_key_type;
  return asked === "rsa" || asked === "ecdsa" ? asked : keyType;
}

/** Whether a name can be seen from outside this machine and network, as far as its form tells. */
function isPublic(name: string): boolean {
  return name.includes(".") && !/(^|\.)(localhost|local|internal|onion)$/.test(name) &&
    !/^[\d.]+$/.test(name) && !name.includes(":");
}
