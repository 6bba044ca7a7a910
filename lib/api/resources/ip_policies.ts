/**
 * IP policies: sets of rules about where somebody may come from.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import { exampleId, identity, ownTexts } from "../fields.ts";
import { BASE_FILTER } from "../filter.ts";
import { problem } from "../problem.ts";
import type { Resource } from "../resource.ts";
import { storedOperations, type StoredSpec, textsOf } from "../stored.ts";
import { formatTime } from "../events.ts";
import { ruleToJson } from "./ip_policy_rules.ts";

const spec: StoredSpec<"ip_policies", object, object> = {
  name: "ip_policies",
  one: "IP policy",
  many: "IP policies",
  table: "ip_policies",
  prefix: "ipp",
  event: "ip_policy",
  object: z.strictObject({ ...identity("ipp", "/ip_policies"), ...ownTexts("the policy") }),
  create: z.strictObject(ownTexts("the policy")),
  update: z.strictObject(ownTexts("the policy")),
  filter: BASE_FILTER,
  emptyUpdate: 1400,
  quota: 1410,
  examples: {
    create: [{ description: "the office" }],
    update: [{ metadata: `{"pod":"${exampleId("x").slice(2)}"}` }],
  },
  insert: () => ({}),
  async beforeDelete(change, row) {
    const restrictions = await change.content.ip_restrictions.list(change.accountId);
    const users = restrictions.filter(({ ip_policy_ids: ids }) => ids.includes(row.id));
    if (users.length > 0) {
      const ids = users.map(({ id }) => id).join(", ");
      throw problem(
        1420,
        `Cannot delete the IP policy "${row.id}": ${ids} uses it; detach it first`,
      );
    }
    const where = { ip_policy_id: row.id };
    for (;;) {
      const rules = await change.content.ip_policy_rules.list(change.accountId, { where });
      for (const rule of rules) {
        await change.content.ip_policy_rules.remove(change.accountId, rule.id);
        await change.record("ip_policy_rule_deleted.v0", ruleToJson(change, rule));
        change.changed("ip_policy_rules", "deleted", rule.id);
      }
      if (rules.length === 0) return;
    }
  },
  toJson: (call, row) => ({
    id: row.id,
    uri: call.uri(`/ip_policies/${row.id}`),
    created_at: formatTime(row.created_at),
    ...textsOf(row),
  }),
};

/** IP policies. */
export const ipPolicies: Resource = {
  name: spec.name,
  about: "A set of rules that say from which addresses somebody may come. An address is let in " +
    "when at least one rule allows it and none denies it.",
  operations: storedOperations(spec),
};
