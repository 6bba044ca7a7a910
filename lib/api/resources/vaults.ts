/**
 * Vaults: places for secrets.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import { formatTime } from "../events.ts";
import { exampleId, identity, ownTexts, text, time } from "../fields.ts";
import { BASE_FILTER } from "../filter.ts";
import { listAnswer } from "../list_answer.ts";
import { page } from "../paging.ts";
import { problem } from "../problem.ts";
import type { Resource } from "../resource.ts";
import { findRow, idParam, storedOperations, type StoredSpec, textsOf } from "../stored.ts";
import { secretList, secretSchema, secretToJson } from "./vault_secrets.ts";
import { checkName } from "./vault_names.ts";

const name = text("Letters, digits and `_ / . -`; each name once in the account", "prod-vault");
const by = "An id of a user or service user";

const spec: StoredSpec<
  "vaults",
  { readonly name: string },
  { readonly name?: string }
> = {
  name: "vaults",
  one: "vault",
  table: "vaults",
  prefix: "vault",
  event: "vault",
  object: z.strictObject({
    ...identity("vault", "/vaults"),
    ...ownTexts("the vault"),
    updated_at: time("When it was changed last"),
    name,
    created_by: text(`Who made it: ${by.toLowerCase()}`, exampleId("usr")),
    last_updated_by: text(`Who changed it last: ${by.toLowerCase()}`, exampleId("usr")),
  }),
  create: z.strictObject({ ...ownTexts("the vault"), name }),
  update: z.strictObject({ ...ownTexts("the vault"), name: name.optional() }),
  filter: { ...BASE_FILTER, name: "text" },
  codes: { name: 23001 },
  quota: 23005,
  taken: 23004,
  examples: {
    create: [{ name: "prod-vault", description: "Production", metadata: "env=prod" }],
    update: [{ name: "production" }],
  },
  insert: (change, body) => ({
    name: checkName("vault", body.name),
    created_by: change.principal.id,
    last_updated_by: change.principal.id,
  }),
  change: (change, body) => ({
    ...(body.name === undefined ? {} : { name: checkName("vault", body.name) }),
    last_updated_by: change.principal.id,
  }),
  async beforeDelete(change, row) {
    if (await change.content.secrets.count(change.accountId, { vault_id: row.id }) === 0) return;
    throw problem(23003, `Cannot delete the vault "${row.name}": delete its secrets first`);
  },
  toJson: (call, row) => ({
    id: row.id,
    uri: call.uri(`/vaults/${row.id}`),
    created_at: formatTime(row.created_at),
    ...textsOf(row),
    updated_at: formatTime(row.updated_at),
    name: row.name,
    created_by: row.created_by,
    last_updated_by: row.last_updated_by,
  }),
};

/** Vaults. */
export const vaults: Resource = {
  name: spec.name,
  about: "A place for secrets that traffic policies may read.",
  operations: [
    ...storedOperations(spec),
    {
      verb: "list-secrets",
      method: "GET",
      path: "/vaults/{id}/secrets",
      summary: "Lists the secrets of a vault, newest first",
      params: { id: idParam("vault", "vault") },
      list: secretList,
      answer: listAnswer("secrets", secretSchema),
      status: 200,
      async run(call) {
        const vault = await findRow(call, spec);
        const where = { vault_id: vault.id };
        const path = `/vaults/${vault.id}/secrets`;
        return await page(call, path, "secrets", secretList, async (beforeId, limit) => {
          const options = { beforeId, limit, where };
          const rows = await call.content.secrets.list(call.accountId, options);
          return await Promise.all(rows.map((row) => secretToJson(call, row)));
        });
      },
    },
  ],
};
