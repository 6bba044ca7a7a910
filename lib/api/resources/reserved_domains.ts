/**
 * Reserved domains: names that only their account may bind.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import { isUnder } from "../../edge/names.ts";
import type { ReservedDomainRow } from "../../store/tables.ts";
import {
  type CertificatePolicy,
  policyAnswer,
  policyField,
  statusAnswer,
  statusOf,
} from "../certificate_policy.ts";
import { allRows } from "../all_rows.ts";
import { type Change, change } from "../change.ts";
import { isManaged, readDomain } from "../domain_name.ts";
import { coversHost, splitUrl } from "../endpoint_url.ts";
import { formatTime } from "../events.ts";
import { managedRef } from "../managed_certificates.ts";
import { exampleId, flag, identity, ownTexts, ref, text } from "../fields.ts";
import { BASE_FILTER } from "../filter.ts";
import { problem } from "../problem.ts";
import { refTo } from "../refs.ts";
import { readRegion } from "../regions.ts";
import type { Answer, Call, Json, Operation, Resource } from "../resource.ts";
import { findRow, idParam, storedOperations, type StoredSpec, textsOf } from "../stored.ts";

const domain = text("The name; `*.` in front makes it a wildcard", "shop.example.com");
const certificateId = text("An uploaded certificate to serve the name with", exampleId("cert"));
const resolvesTo = z.array(z.strictObject({ value: text("A region, an IP, or global", "global") }))
  .max(100).meta({ description: "Which places answer; empty is all of them", examples: [[]] });

interface CreateBody {
  readonly domain: string;
  readonly region?: string;
  readonly certificate_id?: string;
  readonly certificate_management_policy?: CertificatePolicy;
  readonly resolves_to?: readonly { readonly value: string }[];
}

type UpdateBody = Omit<Partial<CreateBody>, "domain" | "region">;

/** The columns that create and update share. */
type Certificates = Partial<
  Pick<ReservedDomainRow, "certificate_id" | "certificate_management_policy" | "resolves_to">
>;

const shared = {
  ...ownTexts("the domain"),
  certificate_id: certificateId.optional(),
  certificate_management_policy: policyField("ecdsa").optional(),
  resolves_to: resolvesTo.optional(),
};

/** Sample-only fields of the ecosystem that have no meaning here (spec rest-api E15). */
const UNUSED = { error_redirect_url: null, http_endpoint_configuration: null } as const;

const none = z.null().meta({ description: "Always null", examples: [null] });

const spec: StoredSpec<"reserved_domains", CreateBody, UpdateBody> = {
  name: "reserved_domains",
  one: "reserved domain",
  table: "reserved_domains",
  prefix: "rd",
  event: "domain",
  object: z.strictObject({
    ...identity("rd", "/reserved_domains"),
    ...ownTexts("the domain"),
    domain,
    region: text("As it was given", ""),
    cname_target: z.string().nullable().meta({
      description: "Where the CNAME of the name must lead; null under a base domain of the edge",
      examples: ["cname.tunnels.example.net"],
    }),
    certificate: ref("The certificate of the name", "/tls_certificates", exampleId("cert"))
      .nullable(),
    certificate_management_policy: policyAnswer,
    certificate_management_status: statusAnswer,
    acme_challenge_cname_target: z.string().nullable().meta({
      description: "Where the CNAME of `_acme-challenge` must lead; null but for custom wildcards",
      examples: [null],
    }),
    resolves_to: resolvesTo,
    is_dev: flag("Always false", false),
    error_redirect_url: none,
    http_endpoint_configuration: none,
    https_endpoint_configuration: none,
  }),
  create: z.strictObject({
    ...shared,
    domain,
    region: text("Deprecated; kept as it is given", "us").optional(),
  }),
  update: z.strictObject(shared),
  filter: {
    ...BASE_FILTER,
    domain: "text",
    region: "text",
    cname_target: "text",
    "certificate.id": "id",
    acme_challenge_cname_target: "text",
  },
  codes: { description: 420, metadata: 421, certificate_management_policy: 435 },
  emptyUpdate: 422,
  quota: 415,
  taken: 414,
  examples: {
    create: [
      { domain: "shop.example.com", description: "the shop" },
      {
        domain: "*.dev.example.com",
        certificate_management_policy: { authority: "letsencrypt", private_key_type: "ecdsa" },
      },
    ],
    update: [{ description: "the new shop" }, { resolves_to: [{ value: "eu" }] }],
  },
  createDetails:
    "The name is the account's alone, with all names below it. A name that is not under " +
    "a base domain of the edge needs a CNAME to `cname_target`",
  async insert(change, body) {
    const name = readDomain(body.domain, change.api.deps.domains);
    await checkFree(change, name);
    return {
      domain: name,
      region: readRegion(body.region, "", 400),
      certificate_id: null,
      certificate_management_policy: null,
      resolves_to: [],
      ...await certificatesOf(change, name, body),
    };
  },
  change: (change, body, row) => certificatesOf(change, row.domain, body),
  async beforeDelete(change, row) {
    const endpoints = await allRows(change.content.cloud_endpoints, change.accountId);
    const used = endpoints.find(({ url }) => coversHost(row.domain, splitUrl(url).host));
    if (!used) return;
    throw problem(446, `Cannot delete "${row.domain}": the cloud endpoint "${used.id}" uses it`);
  },
  toJson: domainToJson,
};

/** A domain as answers and events have it. */
function domainToJson(call: Call, row: ReservedDomainRow): Json {
  const { domains } = call.api.deps;
  const isCustom = !isManaged(row.domain, domains);
  const policy = row.certificate_management_policy;
  return {
    id: row.id,
    uri: call.uri(`/reserved_domains/${row.id}`),
    created_at: formatTime(row.created_at),
    ...textsOf(row),
    domain: row.domain,
    region: row.region,
    cname_target: isCustom ? `cname.${domains[0]}` : null,
    certificate: row.certificate_id
      ? refTo(call, "/tls_certificates", row.certificate_id)
      : managedRef(call, row),
    certificate_management_policy: policy,
    certificate_management_status: statusOf(policy, call.api.deps.live.certificateOf?.(row.domain)),
    acme_challenge_cname_target: isCustom && row.domain.startsWith("*.")
      ? `${row.id.slice(3).toLowerCase()}.acme.${domains[0]}`
      : null,
    resolves_to: row.resolves_to,
    is_dev: false,
    ...UNUSED,
    https_endpoint_configuration: null,
  };
}

/** A name is its account's alone, with all names below it (spec edge D). */
async function checkFree(change: Change, name: string): Promise<void> {
  const bare = name.replace(/^\*\./, "");
  for (const other of await change.content.reserved_domains.findAnywhere({})) {
    const theirs = other.domain.replace(/^\*\./, "");
    if (other.account_id === change.accountId) {
      if (other.domain === name) {
        throw problem(413, `The domain "${name}" is the account's already`);
      }
    } else if (isUnder(bare, theirs)) {
      throw problem(414, `Cannot reserve "${name}": another account has it`);
    } else if (isUnder(theirs, bare)) {
      throw problem(417, `Cannot reserve "${name}": another account has a name below it`);
    }
  }
  const holder = change.api.deps.live.holderOf(name);
  if (holder === undefined || holder === change.accountId) return;
  throw problem(430, `Cannot reserve "${name}": another account is online there`);
}

async function certificatesOf(
  change: Change,
  name: string,
  body: UpdateBody,
): Promise<Certificates> {
  const { certificate_id: id, certificate_management_policy: policy, resolves_to: places } = body;
  if (id && policy) {
    throw problem(434, "Give either a certificate or a certificate management policy, not both");
  }
  const managed = isManaged(name, change.api.deps.domains);
  if (policy && managed) throw problem(439, `The edge has a certificate for "${name}" already`);
  if (id && managed) throw problem(440, `The edge has a certificate for "${name}" already`);
  if (id && !await change.content.tls_certificates.get(change.accountId, id)) {
    throw problem(1965, `The certificate "${id}" does not exist`);
  }
  const values = places?.map(({ value }) => value) ?? [];
  const twice = values.find((value, at) => values.indexOf(value) !== at);
  if (twice !== undefined) throw problem(456, `The region "${twice}" is there more than once`);
  return {
    ...(id ? { certificate_id: id, certificate_management_policy: null } : {}),
    ...(policy ? { certificate_management_policy: policy, certificate_id: null } : {}),
    ...(places ? { resolves_to: places } : {}),
  };
}

/** One of the deletions below a domain. */
function detach(
  part: string,
  summary: string,
  changes: (row: ReservedDomainRow) => Partial<ReservedDomainRow> | undefined,
): Operation {
  return {
    verb: `delete-${part.replaceAll("_", "-")}`,
    method: "DELETE",
    path: `/reserved_domains/{id}/${part}`,
    summary,
    params: { id: idParam("rd", "reserved domain") },
    status: 204,
    run: (call) => detachPart(call, changes),
  };
}

async function detachPart(
  call: Call,
  changes: (row: ReservedDomainRow) => Partial<ReservedDomainRow> | undefined,
): Promise<Answer> {
  await change(call, async (change) => {
    const row = await findRow(change, spec);
    const columns = changes(row);
    if (!columns) return;
    const after = await change.content.reserved_domains
      .update(call.accountId, row.id, { ...columns, updated_at: call.nowMs });
    await change.record("domain_updated.v0", domainToJson(change, after!));
    change.changed("reserved_domains", "updated", row.id);
  });
  return undefined;
}

/** Reserved domains. */
export const reservedDomains: Resource = {
  name: spec.name,
  about: "A name that only the account may bind: one under a base domain of the edge, any other " +
    "domain, or a wildcard.",
  operations: [
    ...storedOperations(spec),
    detach("certificate", "Detaches the certificate of a reserved domain", (row) => {
      if (row.certificate_management_policy) {
        throw problem(436, "The certificate is managed: detach the certificate management policy");
      }
      return row.certificate_id === null ? undefined : { certificate_id: null };
    }),
    detach(
      "certificate_management_policy",
      "Detaches the certificate management policy of a reserved domain",
      (row) =>
        row.certificate_management_policy === null
          ? undefined
          : { certificate_management_policy: null },
    ),
    detach(
      "http_endpoint_configuration",
      "Does nothing: endpoint configurations have ended, old clients still detach them",
      () => undefined,
    ),
    detach(
      "https_endpoint_configuration",
      "Does nothing: endpoint configurations have ended, old clients still detach them",
      () => undefined,
    ),
  ],
};
