/**
 * Rules of IP policies.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import { formatCidr, lowest, parseCidr } from "../../http/cidr.ts";
import type { IpPolicyRuleRow } from "../../store/tables.ts";
import { formatTime } from "../events.ts";
import { exampleId, identity, ownTexts, ref, text } from "../fields.ts";
import { BASE_FILTER } from "../filter.ts";
import { problem } from "../problem.ts";
import { refTo } from "../refs.ts";
import type { Call, Json, Resource } from "../resource.ts";
import { storedOperations, type StoredSpec, textsOf } from "../stored.ts";

const cidr = text("Addresses: IPv4 or IPv6, with the lowest address of the range", "192.0.2.0/24");
const action = z.enum(["allow", "deny"])
  .meta({ description: "What becomes of these addresses", examples: ["allow"] });

interface CreateBody {
  readonly cidr: string;
  readonly ip_policy_id: string;
  readonly action: "allow" | "deny";
}

const spec: StoredSpec<"ip_policy_rules", CreateBody, { readonly cidr?: string }> = {
  name: "ip_policy_rules",
  one: "IP policy rule",
  table: "ip_policy_rules",
  prefix: "ipr",
  event: "ip_policy_rule",
  object: z.strictObject({
    ...identity("ipr", "/ip_policy_rules"),
    ...ownTexts("the rule"),
    cidr,
    ip_policy: ref("The policy the rule belongs to", "/ip_policies", exampleId("ipp")),
    action,
  }),
  create: z.strictObject({
    ...ownTexts("the rule"),
    cidr,
    ip_policy_id: text("The policy the rule belongs to", exampleId("ipp")),
    action,
  }),
  update: z.strictObject({ ...ownTexts("the rule"), cidr: cidr.optional() }),
  filter: {
    ...BASE_FILTER,
    ip_policy: { kind: "id", path: ["ip_policy", "id"] },
    cidr: "text",
    action: "text",
  },
  codes: { description: 1421, cidr: 1405, ip_policy_id: 1405, action: 1422 },
  emptyUpdate: 1401,
  taken: 1408,
  examples: {
    create: [
      {
        cidr: "192.0.2.0/24",
        ip_policy_id: exampleId("ipp"),
        action: "allow",
        description: "the office",
      },
      { cidr: "2001:db8::/32", ip_policy_id: exampleId("ipp"), action: "deny" },
    ],
    update: [{ cidr: "192.0.2.128/25" }],
  },
  async insert(change, body) {
    const policyId = body.ip_policy_id;
    if (!policyId.startsWith("ipp_")) {
      throw problem(
        229,
        `The id "${policyId}" is not that of an IP policy: it must begin with "ipp_"`,
      );
    }
    if (!await change.content.ip_policies.get(change.accountId, policyId)) {
      throw problem(1402, `The IP policy "${policyId}" does not exist`);
    }
    const { maxRules } = change.api.limits;
    const count = await change.content.ip_policy_rules
      .count(change.accountId, { ip_policy_id: policyId });
    if (count >= maxRules) throw problem(1411, `An IP policy may have ${maxRules} rules`);
    return { ip_policy_id: policyId, cidr: checkCidr(body.cidr), action: body.action };
  },
  change: (_, body) => body.cidr === undefined ? {} : { cidr: checkCidr(body.cidr) },
  async beforeDelete(change, row) {
    const where = { ip_policy_id: row.ip_policy_id };
    if (await change.content.ip_policy_rules.count(change.accountId, where) > 1) return;
    const [guarded] = await change.content.ip_restrictions
      .list(change.accountId, { where: { type: "dashboard" } });
    if (!guarded?.ip_policy_ids.includes(row.ip_policy_id)) return;
    throw problem(
      1419,
      `Cannot delete the rule "${row.id}": it is the only one of an IP policy that the restriction ` +
        `"${guarded.id}" uses; detach the policy first`,
    );
  },
  toJson: ruleToJson,
};

/** A rule as answers and events have it. */
export function ruleToJson(call: Call, row: IpPolicyRuleRow): Json {
  return {
    id: row.id,
    uri: call.uri(`/ip_policy_rules/${row.id}`),
    created_at: formatTime(row.created_at),
    ...textsOf(row),
    cidr: row.cidr,
    ip_policy: refTo(call, "/ip_policies", row.ip_policy_id),
    action: row.action,
  };
}

/** The one spelling of a range. @throws {ApiProblem} 1406, 1409, 1413 */
function checkCidr(given: string): string {
  if (!given.includes("/")) {
    const bits = given.includes(":") ? 128 : 32;
    throw problem(
      1413,
      `The CIDR "${given}" has no prefix length; one address is "${given}/${bits}"`,
    );
  }
  const range = parseCidr(given);
  if (!range) throw problem(1406, `The CIDR "${given}" is not valid`);
  const low = formatCidr(lowest(range));
  if (formatCidr(range) !== low) {
    throw problem(1409, `The CIDR "${given}" must begin with its lowest address; that is "${low}"`);
  }
  return low;
}

/** Rules of IP policies. */
export const ipPolicyRules: Resource = {
  name: spec.name,
  about: "A rule of an IP policy: a range of addresses, and whether they are let in.",
  operations: storedOperations(spec),
};
