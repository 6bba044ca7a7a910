/**
 * What the rules of an authtoken allow (requirements S40 to S47). A bind is allowed if any one rule
 * matches; no list of rules allows everything.
 *
 * Called by `bind.ts`.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";

/** The rules of a token; `undefined` is no list, which allows everything. */
export type Acl = readonly string[] | undefined;

/**
 * Checks the syntax of a rule: `bind:name`, `bind:*.name`, `bind:host:port`, `bind:label=value`
 * (either side may be `*`), `bind:*`, `*`.
 *
 * @throws {TunnelError} refused with 600
 */
export function checkRule(rule: string): void {
  if (/^(\*|bind:(\*|(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?|[^=\s]+=[^=\s]+))$/.test(rule)) return;
  throw new TunnelError(
    "refused",
    `Cannot use the rule "${rule}": it must be "bind:" and a name, an address, "label=value" or "*"`,
    { ngrokCode: 600 },
  );
}

/**
 * Whether a name may be bound. `bind:*.example.com` admits each name below `example.com` and the
 * wildcard endpoint `*.example.com`, but not `example.com` itself (S44).
 *
 * @param host normalized
 */
export function allowsHost(acl: Acl, host: string): boolean {
  return matches(acl, (target) => {
    const wanted = target.toLowerCase();
    return wanted.startsWith("*.") ? host.endsWith(wanted.slice(1)) : wanted === host;
  });
}

/** Whether a TCP address may be bound: a rule names it whole. */
export function allowsAddress(acl: Acl, host: string, port: number): boolean {
  return matches(acl, (target) => target.toLowerCase() === `${host}:${port}`);
}

/** Whether the edge may choose a TCP address for the token: only `bind:*` says so. */
export function allowsRandomAddress(acl: Acl): boolean {
  return matches(acl, () => false);
}

/** Whether a labeled tunnel with this label may be started (S45, S46). */
export function allowsLabel(acl: Acl, label: string, value: string): boolean {
  return matches(acl, (target) => {
    const at = target.indexOf("=");
    if (at < 0) return false;
    const wantedLabel = target.slice(0, at);
    const wantedValue = target.slice(at + 1);
    return (wantedLabel === "*" || wantedLabel === label) &&
      (wantedValue === "*" || wantedValue === value);
  });
}

function matches(acl: Acl, fits: (target: string) => boolean): boolean {
  if (acl === undefined) return true;
  return acl.some((rule) => {
    if (rule === "*" || rule === "bind:*") return true;
    return rule.startsWith("bind:") && fits(rule.slice("bind:".length));
  });
}
