/**
 * TLS certificates: uploaded ones, for reserved domains.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import { checkCertificate, type CheckedCertificate } from "../certificate.ts";
import { formatTime } from "../events.ts";
import { identity, ownTexts, text, textList, time } from "../fields.ts";
import { BASE_FILTER } from "../filter.ts";
import { managedCertificate, managedCertificates } from "../managed_certificates.ts";
import { type Listed, newestFirst, page, sourceOf } from "../paging.ts";
import { ApiProblem } from "../problem.ts";
import { checkId } from "../query.ts";
import type { Operation, Resource } from "../resource.ts";
import { storedOperations, type StoredSpec, textsOf } from "../stored.ts";
import { EXAMPLE_CERTIFICATE, EXAMPLE_KEY } from "./certificate_examples.ts";

const certificatePem = text("PEM: the leaf first, then what signed it", EXAMPLE_CERTIFICATE);

interface CreateBody {
  readonly certificate_pem: string;
  readonly private_key_pem: string;
}

interface Prepared extends Pick<CheckedCertificate, "facts"> {
  readonly sealed: string;
}

const spec: StoredSpec<"tls_certificates", CreateBody, object, Prepared | undefined> = {
  name: "tls_certificates",
  one: "TLS certificate",
  table: "tls_certificates",
  prefix: "cert",
  event: "tls_certificate",
  object: z.strictObject({
    ...identity("cert", "/tls_certificates"),
    ...ownTexts("the certificate"),
    certificate_pem: certificatePem,
    subject_common_name: text("What the leaf says of its subject", "shop.example.com"),
    subject_alternative_names: z.strictObject({
      dns_names: textList("Names", ["shop.example.com"]),
      ips: textList("Addresses", []),
    }).meta({ description: "What the leaf is for" }),
    issued_at: z.string().nullable().meta({
      description: "When it was got, of one that the edge gets by itself; null: it was uploaded",
      examples: [null],
    }),
    not_before: time("When the leaf begins to be valid"),
    not_after: time("When the leaf ends"),
    key_usages: textList("What its key may do, in the words of RFC 5280", ["digitalSignature"]),
    extended_key_usages: textList("What it is for, likewise", ["serverAuth"]),
    private_key_type: text("`rsa`, `ecdsa` or `ed25519`", "ecdsa"),
    issuer_common_name: text("Who signed the leaf", "Example CA"),
    serial_number: text("Its number, hexadecimal", "054ba70d"),
    subject_organization: text("What the leaf says of its subject", ""),
    subject_organizational_unit: text("What the leaf says of its subject", ""),
    subject_locality: text("What the leaf says of its subject", ""),
    subject_province: text("What the leaf says of its subject", ""),
    subject_country: text("What the leaf says of its subject", ""),
  }),
  create: z.strictObject({
    ...ownTexts("the certificate"),
    certificate_pem: certificatePem,
    private_key_pem: text("Its key as PEM, not encrypted; never shown again", EXAMPLE_KEY),
  }),
  update: z.strictObject(ownTexts("the certificate")),
  filter: {
    ...BASE_FILTER,
    subject_common_name: "text",
    not_after: "time",
    not_before: "time",
    serial_number: "text",
  },
  codes: {
    description: 1916,
    metadata: 1917,
    certificate_pem: 1922,
    private_key_pem: 1901,
  },
  quota: 1954,
  examples: {
    create: [{
      certificate_pem: EXAMPLE_CERTIFICATE,
      private_key_pem: EXAMPLE_KEY,
      description: "of the shop",
    }],
    update: [{ metadata: '{"renew":"by hand"}' }],
  },
  createDetails: "The key is sealed before it is stored, and never shown again",
  async prepare(call, body, id, row) {
    if (row) return undefined;
    const { certificate_pem: pem, private_key_pem: key } = body as CreateBody;
    const { facts, privateKeyPem } = await checkCertificate(pem, key);
    return {
      facts,
      sealed: await call.api.deps.sealer.seal(privateKeyPem, `tls_certificates/${id}`),
    };
  },
  insert: (_, body, prepared) => ({
    certificate_pem: body.certificate_pem,
    private_key_sealed: prepared!.sealed,
    facts: prepared!.facts,
  }),
  async beforeDelete(change, row) {
    const where = { certificate_id: row.id };
    const [user] = await change.content.reserved_domains.list(change.accountId, {
      where,
      limit: 1,
    });
    if (!user) return;
    const found = `the reserved domain "${user.domain}" uses it; detach it first`;
    throw new ApiProblem(409, `Cannot delete the certificate "${row.id}": ${found}`);
  },
  toJson: (call, row) => ({
    id: row.id,
    uri: call.uri(`/tls_certificates/${row.id}`),
    created_at: formatTime(row.created_at),
    ...textsOf(row),
    certificate_pem: row.certificate_pem,
    issued_at: null,
    ...row.facts,
  }),
};

/** The operations on uploaded certificates, which know those that the edge got as well. */
function operations(): Operation[] {
  const { name, prefix, filter } = spec;
  const list = { prefix, filter };
  return storedOperations(spec).map((operation): Operation => {
    switch (operation.verb) {
      case "list":
        return {
          ...operation,
          run: async (call) => {
            const managed = sourceOf(await managedCertificates(call));
            return await page(call, `/${name}`, name, list, async (beforeId, limit) => {
              const table = call.content.tls_certificates;
              const rows = await table.list(call.accountId, { beforeId, limit });
              const stored = rows.map((row) => spec.toJson(call, row) as Listed);
              const both = [...stored, ...await managed(beforeId, limit)];
              return newestFirst(both).slice(0, limit);
            });
          },
        };
      case "get":
        return {
          ...operation,
          run: async (call, body: never) => {
            checkId(call.params.id, prefix);
            return await managedCertificate(call, call.params.id) ??
              await operation.run(call, body);
          },
        };
      case "update":
      case "delete":
        return {
          ...operation,
          run: async (call, body: never) => {
            checkId(call.params.id, prefix);
            if (!await managedCertificate(call, call.params.id)) return operation.run(call, body);
            throw new ApiProblem(
              409,
              `Cannot ${operation.verb} the certificate "${call.params.id}": the edge got it by ` +
                "itself; detach the certificate management policy of its reserved domain",
            );
          },
        };
      default:
        return operation;
    }
  });
}

/** Uploaded certificates, and those that the edge got by itself. */
export const tlsCertificates: Resource = {
  name: spec.name,
  about:
    "A certificate with its key, for reserved domains that are not the edge's own. Those that " +
    "the edge gets by itself are listed as well.",
  operations: operations(),
};
