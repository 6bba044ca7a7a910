/**
 * IP restrictions: what is guarded by IP policies.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import type { IpRestrictionRow } from "../../store/tables.ts";
import type { Change } from "../change.ts";
import { formatTime } from "../events.ts";
import { exampleId, flag, identity, ownTexts, ref, textList } from "../fields.ts";
import { BASE_FILTER } from "../filter.ts";
import { problem } from "../problem.ts";
import { refTo } from "../refs.ts";
import type { Resource } from "../resource.ts";
import { storedOperations, type StoredSpec, textsOf } from "../stored.ts";

const enforced = flag("Whether others are refused; if not, the log of the edge names them", true);
const type = z.enum(["agent", "api", "dashboard", "endpoints"]).meta({
  description:
    "What is guarded: the connections of agents, this API, the pages for operators, or " +
    "all endpoints of the account",
  examples: ["agent"],
});
const policyIds = textList("The IP policies whose rules are asked", [exampleId("ipp")]);

interface CreateBody {
  readonly type: IpRestrictionRow["type"];
  readonly enforced?: boolean;
  readonly ip_policy_ids: readonly string[];
}

type UpdateBody = Partial<Omit<CreateBody, "type">>;

const spec: StoredSpec<"ip_restrictions", CreateBody, UpdateBody> = {
  name: "ip_restrictions",
  one: "IP restriction",
  table: "ip_restrictions",
  prefix: "ipx",
  event: "ip_restriction",
  object: z.strictObject({
    ...identity("ipx", "/ip_restrictions"),
    ...ownTexts("the restriction"),
    enforced,
    type,
    ip_policies: z.array(ref("A policy", "/ip_policies", exampleId("ipp")))
      .meta({ description: "The IP policies whose rules are asked" }),
  }),
  create: z.strictObject({
    ...ownTexts("the restriction"),
    enforced: enforced.optional(),
    type,
    ip_policy_ids: policyIds,
  }),
  update: z.strictObject({
    ...ownTexts("the restriction"),
    enforced: enforced.optional(),
    ip_policy_ids: policyIds.optional(),
  }),
  filter: BASE_FILTER,
  codes: { type: 1803, ip_policy_ids: 1804 },
  examples: {
    create: [{ type: "agent", enforced: true, ip_policy_ids: [exampleId("ipp")] }],
    update: [{ enforced: false }, { ip_policy_ids: [exampleId("ipp")] }],
  },
  createDetails:
    "There is one restriction of each type at most. Without `enforced` nobody is refused",
  async insert(change, body) {
    const where = { type: body.type };
    if (await change.content.ip_restrictions.count(change.accountId, where) > 0) {
      throw problem(
        1802,
        `Cannot create another IP restriction of the type "${body.type}": update the one there is`,
      );
    }
    await checkPolicies(change, body.ip_policy_ids);
    return {
      type: body.type,
      enforced: body.enforced ?? false,
      ip_policy_ids: [...new Set(body.ip_policy_ids)],
    };
  },
  async change(change, body) {
    if (body.ip_policy_ids) await checkPolicies(change, body.ip_policy_ids);
    return {
      ...(body.enforced === undefined ? {} : { enforced: body.enforced }),
      ...(body.ip_policy_ids ? { ip_policy_ids: [...new Set(body.ip_policy_ids)] } : {}),
    };
  },
  toJson: (call, row) => ({
    id: row.id,
    uri: call.uri(`/ip_restrictions/${row.id}`),
    created_at: formatTime(row.created_at),
    ...textsOf(row),
    enforced: row.enforced,
    type: row.type,
    ip_policies: row.ip_policy_ids.map((id) => refTo(call, "/ip_policies", id)),
  }),
};

async function checkPolicies(change: Change, ids: readonly string[]): Promise<void> {
  const { maxRules } = change.api.limits;
  if (ids.length === 0) throw problem(1804, "An IP restriction needs at least one IP policy");
  if (ids.length > maxRules) throw problem(1800, `A restriction may have ${maxRules} IP policies`);
  for (const id of ids) {
    if (await change.content.ip_policies.get(change.accountId, id)) continue;
    throw problem(1801, `Cannot use the IP policy "${id}": the account has none with this id`);
  }
}

/** IP restrictions. */
export const ipRestrictions: Resource = {
  name: spec.name,
  about: "Says what can be reached only from the addresses that IP policies let in: the edge by " +
    "agents, this API, the pages for operators, or the account's endpoints.",
  operations: storedOperations(spec),
};
