/**
 * Whose a host name is (edge B to D): a reserved name belongs to its account with everything below
 * it, a reserved wildcard with everything in its place. Pure: the rows come from `reservations.ts`.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { isUnder } from "./names.ts";

/** A name that an account has reserved. */
export interface ReservedName {
  /** Whose. */
  readonly account_id: string;
  /** Normalized; `*.` in front makes it a wildcard. */
  readonly domain: string;
}

/** Somebody wants a name. */
export interface NameWish {
  /** Who. */
  readonly accountId: string;
  /** Normalized; the first label may be `*`. */
  readonly host: string;
  /** The base domains of the edge. */
  readonly domains: readonly string[];
  /**
   * Whether names that nobody could tell whose they are must be reserved first: wildcards, names of
   * other domains, and names more than one label below a base domain.
   */
  readonly mustReserve: boolean;
}

/**
 * Every reservation that would decide about a name, the most specific first.
 *
 * @param host normalized; the first label may be `*`
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { decisiveNames } from "./reserved_names.ts";
 *
 * assert.deepEqual(decisiveNames("a.example.com"), [
 *   "a.example.com",
 *   "*.example.com",
 *   "example.com",
 *   "*.com",
 *   "com",
 * ]);
 * ```
 */
export function decisiveNames(host: string): string[] {
  const names = new Set([host]);
  for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
    const parent = host.slice(dot + 1);
    names.add(`*.${parent}`).add(parent);
  }
  return [...names];
}

/**
 * Refuses a name that the account may not have.
 *
 * @param wish who wants which name
 * @param reserved the reservations among {@linkcode decisiveNames}, of all accounts
 * @throws {TunnelError} refused with 320 (another account's), 318 and 321 (wildcards), 319 (other
 * domains), 354 (nested names)
 */
export function checkName(wish: NameWish, reserved: readonly ReservedName[]): void {
  const { accountId, host, domains, mustReserve } = wish;
  const byName = new Map(reserved.map((row) => [row.domain, row]));
  const owner = decisiveNames(host).map((name) => byName.get(name)).find((row) => row);
  if (owner && owner.account_id !== accountId) {
    throw refuse(320, host, "it belongs to another account");
  }
  if (!mustReserve) return;
  if (host.startsWith("*.")) return checkWildcard(host, owner?.domain);
  const domain = domains.filter((one) => isUnder(host, one)).sort((a, b) => b.length - a.length)[0];
  if (host === domain) throw refuse(320, host, "it is the edge's own name");
  if (owner) return;
  if (domain === undefined) {
    throw refuse(
      319,
      host,
      `the account must reserve a name that is not under "${domains[0]}" first`,
    );
  }
  const label = host.slice(0, -domain.length - 1);
  if (!label.includes(".")) return;
  const suggestion = `${label.replaceAll(".", "-")}.${domain}`;
  throw refuse(
    354,
    host,
    `a name more than one part below "${domain}" must be reserved first; try "${suggestion}" instead`,
  );
}

function checkWildcard(host: string, match: string | undefined): void {
  if (match === host) return;
  if (match === undefined) throw refuse(318, host, "the account must reserve the wildcard first");
  throw refuse(
    321,
    host,
    `the account has reserved "${match}", but a wildcard must be reserved exactly`,
  );
}

function refuse(ngrokCode: number, host: string, found: string): TunnelError {
  return new TunnelError("refused", `Cannot bind "${host}": ${found}`, { ngrokCode });
}
