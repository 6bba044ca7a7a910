/**
 * API keys.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import type { ApiKeyRow } from "../../store/tables.ts";
import { formatTime } from "../events.ts";
import { exampleId, identity, ownTexts, text } from "../fields.ts";
import { BASE_FILTER } from "../filter.ts";
import { ownerOf, readOwner } from "../refs.ts";
import type { Call, Json, Resource } from "../resource.ts";
import { storedOperations, type StoredSpec, textsOf } from "../stored.ts";
import { type NewToken, newToken } from "./credentials.ts";

const owner = text(
  "Who owns it: a service user, or the owner of the account",
  exampleId("service"),
);

const spec: StoredSpec<
  "api_keys",
  { readonly owner_id?: string },
  object,
  NewToken | undefined
> = {
  name: "api_keys",
  one: "API key",
  table: "api_keys",
  prefix: "ak",
  listKey: "keys",
  event: "api_key",
  object: z.strictObject({
    ...identity("ak", "/api_keys"),
    ...ownTexts("the key"),
    token: z.string().nullable().meta({
      description: "The key itself: in the answer to create alone, null ever after",
      examples: [null],
    }),
    owner_id: owner,
  }),
  create: z.strictObject({ ...ownTexts("the key"), owner_id: owner.optional() }),
  update: z.strictObject(ownTexts("the key")),
  filter: { ...BASE_FILTER, owner_id: "id" },
  codes: { description: 604, metadata: 605 },
  emptyUpdate: 606,
  quota: 603,
  examples: {
    create: [{ description: "deployments" }],
    update: [{ metadata: '{"environment":"dev"}' }],
  },
  createDetails: "The answer has the key. It is shown this once: only its hash is kept",
  where: { revoked_at: null },
  prepare: async (_call, _body, id, row) => row ? undefined : await newToken(id),
  insert: async (change, body, prepared) => ({
    owner_id: await readOwner(change, body.owner_id),
    lookup: prepared!.lookup,
    token_sha256: prepared!.sha256,
    revoked_at: null,
  }),
  async remove(change, row) {
    const changes = { revoked_at: change.nowMs, updated_at: change.nowMs };
    await change.content.api_keys.update(change.accountId, row.id, changes);
  },
  toJson: apiKeyToJson,
  revealed: (prepared) => ({ token: prepared?.token ?? null }),
};

/** A key as answers and events have it: without the key itself. */
export function apiKeyToJson(call: Call, row: ApiKeyRow): Json {
  return {
    id: row.id,
    uri: call.uri(`/api_keys/${row.id}`),
    created_at: formatTime(row.created_at),
    ...textsOf(row),
    token: null,
    owner_id: ownerOf(call, row.owner_id),
  };
}

/** The schema of a key in answers. */
export const apiKeySchema: StoredSpec<"api_keys", never, never>["object"] = spec.object;

/** API keys. */
export const apiKeys: Resource = {
  name: spec.name,
  about: "A key of this API. Whoever has it can do all that the API can do to the account.",
  operations: storedOperations(spec),
};
