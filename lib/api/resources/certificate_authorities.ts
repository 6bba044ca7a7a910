/**
 * Certificate authorities: those that visitors' certificates may come from.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import { checkAuthority } from "../certificate.ts";
import { formatTime } from "../events.ts";
import { identity, ownTexts, text, textList, time } from "../fields.ts";
import { BASE_FILTER } from "../filter.ts";
import type { Json, Resource } from "../resource.ts";
import { storedOperations, type StoredSpec, textsOf } from "../stored.ts";
import { EXAMPLE_AUTHORITY } from "./certificate_examples.ts";

const caPem = text("PEM: one certificate, of an authority", EXAMPLE_AUTHORITY);

interface CreateBody {
  readonly ca_pem: string;
}

const spec: StoredSpec<"certificate_authorities", CreateBody, object, Json | undefined> = {
  name: "certificate_authorities",
  one: "certificate authority",
  many: "certificate authorities",
  table: "certificate_authorities",
  prefix: "ca",
  event: "certificate_authority",
  object: z.strictObject({
    ...identity("ca", "/certificate_authorities"),
    ...ownTexts("the authority"),
    ca_pem: caPem,
    subject_common_name: text("What it is called", "Example CA"),
    not_before: time("When it begins to be valid"),
    not_after: time("When it ends"),
    key_usages: textList("What its key may do, in the words of RFC 5280", ["keyCertSign"]),
    extended_key_usages: textList("What it is for, likewise", []),
  }),
  create: z.strictObject({ ...ownTexts("the authority"), ca_pem: caPem }),
  update: z.strictObject(ownTexts("the authority")),
  filter: {
    ...BASE_FILTER,
    subject_common_name: "text",
    not_before: "time",
    not_after: "time",
  },
  codes: { description: 1914, metadata: 1915, ca_pem: 1919 },
  quota: 1954,
  examples: {
    create: [{ ca_pem: EXAMPLE_AUTHORITY, description: "of our partners" }],
    update: [{ description: "of our former partners" }],
  },
  prepare: async (_call, body, _id, row) =>
    row ? undefined : await checkAuthority((body as CreateBody).ca_pem),
  insert: (_, body, facts) => ({ ca_pem: body.ca_pem, facts: facts! }),
  toJson: (call, row) => ({
    id: row.id,
    uri: call.uri(`/certificate_authorities/${row.id}`),
    created_at: formatTime(row.created_at),
    ...textsOf(row),
    ca_pem: row.ca_pem,
    ...row.facts,
  }),
};

/** Uploaded authorities. */
export const certificateAuthorities: Resource = {
  name: spec.name,
  about: "An authority that visitors' certificates may be checked against (mutual TLS).",
  operations: storedOperations(spec),
};
