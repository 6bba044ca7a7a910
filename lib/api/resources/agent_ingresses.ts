/**
 * Agent ingresses: names of one's own for the door of agents.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import { isUnder } from "../../edge/names.ts";
import {
  type CertificatePolicy,
  policyAnswer,
  policyField,
  statusAnswer,
  statusOf,
} from "../certificate_policy.ts";
import type { Change } from "../change.ts";
import { isManaged, readDomain } from "../domain_name.ts";
import { formatTime } from "../events.ts";
import { identity, ownTexts, text, textList } from "../fields.ts";
import { BASE_FILTER } from "../filter.ts";
import { ApiProblem, problem } from "../problem.ts";
import type { Resource } from "../resource.ts";
import { storedOperations, type StoredSpec, textsOf } from "../stored.ts";

const domain = text("The name that agents connect to", "connect.acme.example");

interface CreateBody {
  readonly domain: string;
  readonly certificate_management_policy?: CertificatePolicy;
}

const spec: StoredSpec<"agent_ingresses", CreateBody, Omit<CreateBody, "domain">> = {
  name: "agent_ingresses",
  one: "agent ingress",
  many: "agent ingresses",
  table: "agent_ingresses",
  prefix: "agin",
  listKey: "ingresses",
  event: "agent_ingress",
  object: z.strictObject({
    ...identity("agin", "/agent_ingresses"),
    ...ownTexts("the ingress"),
    domain,
    ns_targets: textList("Always empty: a CNAME of the name leads to the edge", []),
    region_domains: textList("The names that agents may connect to", ["connect.acme.example"]),
    certificate_management_policy: policyAnswer,
    certificate_management_status: statusAnswer,
  }),
  create: z.strictObject({
    ...ownTexts("the ingress"),
    domain,
    certificate_management_policy: policyField("rsa").optional(),
  }),
  update: z.strictObject({
    ...ownTexts("the ingress"),
    certificate_management_policy: policyField("rsa").optional(),
  }),
  filter: { ...BASE_FILTER, domain: "text" },
  codes: { description: 6700, metadata: 6701, domain: 6704, certificate_management_policy: 435 },
  taken: 6706,
  examples: {
    create: [{ domain: "connect.acme.example", description: "devices" }],
    update: [{ description: "devices of Acme" }],
  },
  createDetails:
    "Agents of the account, and no others, may connect there, once a CNAME of the name " +
    "leads to the edge. They are served a certificate of the edge's own authority there; with a " +
    "`certificate_management_policy` one of the ACME directory, which their machines trust anyway",
  async insert(change, body) {
    const name = readIngress(change, body.domain);
    await checkFree(change, name);
    const policy = body.certificate_management_policy ?? null;
    return { domain: name, certificate_management_policy: policy };
  },
  change: (_, { certificate_management_policy: policy }) =>
    policy ? { certificate_management_policy: policy } : {},
  toJson: (call, row) => ({
    id: row.id,
    uri: call.uri(`/agent_ingresses/${row.id}`),
    created_at: formatTime(row.created_at),
    ...textsOf(row),
    domain: row.domain,
    ns_targets: [],
    region_domains: [row.domain],
    certificate_management_policy: row.certificate_management_policy,
    certificate_management_status: statusOf(
      row.certificate_management_policy,
      call.api.deps.live.certificateOf?.(row.domain),
    ),
  }),
};

function readIngress(change: Change, given: string): string {
  const { domains } = change.api.deps;
  const bare = given.toLowerCase().replace(/\.$/, "");
  if (isManaged(bare, domains)) {
    throw problem(6705, `Cannot take "${given}": it is under a base domain of this edge`);
  }
  try {
    const name = readDomain(given, domains);
    if (!name.startsWith("*.")) return name;
  } catch (cause) {
    if (!(cause instanceof ApiProblem)) throw cause;
    throw new ApiProblem(400, cause.message, { ngrokCode: 6704, cause });
  }
  throw problem(6704, `Cannot take "${given}": agents do not connect to a wildcard`);
}

/** A name that another account has reserved is not for one's agents either. */
async function checkFree(change: Change, name: string): Promise<void> {
  for (const other of await change.content.reserved_domains.findAnywhere({})) {
    if (other.account_id === change.accountId) continue;
    if (!isUnder(name, other.domain.replace(/^\*\./, ""))) continue;
    throw problem(6706, `Cannot take "${name}": another account has it`);
  }
}

/** Agent ingresses. */
export const agentIngresses: Resource = {
  name: spec.name,
  about: "A name of the account's own under which its agents reach the edge.",
  operations: storedOperations(spec),
};
