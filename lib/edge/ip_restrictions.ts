/**
 * Where the agents and the visitors of an account may come from (edge N): the restrictions that it
 * has, with the rules of their policies.
 *
 * Called by `store_auth.ts` and `visitor_restrictions.ts`.
 *
 * @module
 */
import { admits, type IpRule } from "../http/cidr.ts";
import type { Store } from "../store/store.ts";
import type { ObjectRow } from "../store/tables.ts";

/** One restriction, with everything it stands on. */
export interface AgentRestriction {
  /** `ipx_…`. */
  readonly id: string;
  /** False only warns. */
  readonly isEnforced: boolean;
  /** Of all its policies. */
  readonly rules: readonly IpRule[];
}

/** What is read of the store. */
export type RestrictionStore = Pick<Store, "ip_restrictions" | "ip_policy_rules">;

/**
 * The restrictions of one type that an account has.
 *
 * @param store where they lie
 * @param accountId whose
 * @param type whom they are for
 */
export async function loadRestrictions(
  store: RestrictionStore,
  accountId: string,
  type: "agent" | "endpoints",
): Promise<AgentRestriction[]> {
  const restrictions: AgentRestriction[] = [];
  const rows = await listAll((beforeId) =>
    store.ip_restrictions.list(accountId, { beforeId, where: { type } })
  );
  for (const { id, enforced, ip_policy_ids: policyIds } of rows) {
    const rules: IpRule[] = [];
    for (const ip_policy_id of policyIds) {
      rules.push(
        ...await listAll((beforeId) =>
          store.ip_policy_rules.list(accountId, { beforeId, where: { ip_policy_id } })
        ),
      );
    }
    restrictions.push({ id, isEnforced: enforced, rules });
  }
  return restrictions;
}

/** All pages of a list. */
async function listAll<Row extends ObjectRow>(
  page: (beforeId: string | undefined) => Promise<Row[]>,
): Promise<Row[]> {
  const all: Row[] = [];
  for (;;) {
    const rows = await page(all.at(-1)?.id);
    if (rows.length === 0) return all;
    all.push(...rows);
  }
}

/**
 * The restrictions that an address fails: each must have a rule that allows it and none that denies
 * it. One without any rule lets nobody in.
 *
 * @param restrictions of the account
 * @param host an IP address
 */
export function failedBy(
  restrictions: readonly AgentRestriction[],
  host: string,
): AgentRestriction[] {
  // A link-local address comes with the zone it is valid in (RFC 4007 section 11).
  const [ip] = host.split("%");
  return restrictions.filter(({ rules }) => !admits(rules, ip));
}
