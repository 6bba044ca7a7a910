/**
 * The certificates that the edge gets by itself for reserved domains, as objects of the API: they are
 * shown like uploaded ones, and changed by nobody. One has the characters of its domain behind its
 * prefix, so that it stays the same object when it is renewed.
 *
 * Used by the resources of TLS certificates and of reserved domains.
 *
 * @module
 */
import type { ReservedDomainRow } from "../store/tables.ts";
import { allRows } from "./all_rows.ts";
import { certificateFacts } from "./certificate.ts";
import { formatTime } from "./events.ts";
import type { Ref } from "./fields.ts";
import type { Listed } from "./paging.ts";
import { refTo } from "./refs.ts";
import type { Call } from "./resource.ts";

/**
 * The reference to the certificate that a domain got.
 *
 * @returns `null` when it is to have none, or has none yet
 */
export function managedRef(call: Call, row: ReservedDomainRow): Ref | null {
  return isThere(call, row) ? refTo(call, "/tls_certificates", idOf(row)) : null;
}

/** The certificate of that id, if it is one that the edge got for the account. */
export async function managedCertificate(call: Call, id: string): Promise<Listed | undefined> {
  const row = await call.content.reserved_domains.get(call.accountId, `rd_${ksuidOf(id)}`);
  return row && await toJson(call, row);
}

/** All that the edge got for the account. */
export async function managedCertificates(call: Call): Promise<Listed[]> {
  if (!call.api.deps.live.chainOf) return [];
  const rows = await allRows(call.content.reserved_domains, call.accountId);
  const all = await Promise.all(rows.map((row) => toJson(call, row)));
  return all.filter((one) => one !== undefined);
}

function idOf(row: ReservedDomainRow): string {
  return `cert_${ksuidOf(row.id)}`;
}

function ksuidOf(id: string): string {
  return id.slice(id.indexOf("_") + 1);
}

function isThere(call: Call, row: ReservedDomainRow): boolean {
  const { live } = call.api.deps;
  return row.certificate_management_policy !== null && row.certificate_id === null &&
    live.certificateOf?.(row.domain)?.issuedAtMs !== undefined;
}

async function toJson(call: Call, row: ReservedDomainRow): Promise<Listed | undefined> {
  if (!isThere(call, row)) return undefined;
  const { live } = call.api.deps;
  const chainPem = await live.chainOf?.(row.domain);
  const issuedAtMs = live.certificateOf?.(row.domain)?.issuedAtMs;
  if (chainPem === undefined || issuedAtMs === undefined) return undefined;
  const id = idOf(row);
  return {
    id,
    uri: call.uri(`/tls_certificates/${id}`),
    created_at: formatTime(row.created_at),
    description: `got for ${row.domain}`,
    certificate_pem: chainPem,
    issued_at: formatTime(issuedAtMs),
    ...await certificateFacts(chainPem),
  };
}
