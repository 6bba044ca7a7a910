/**
 * Service users: owners of credentials that are no persons. `bot_users` is their old name; the two
 * collections are apart, and alike.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import type { Change } from "../change.ts";
import { formatTime } from "../events.ts";
import { flag, identity, text } from "../fields.ts";
import { problem } from "../problem.ts";
import type { Resource } from "../resource.ts";
import { storedOperations, type StoredSpec } from "../stored.ts";

const MAX_NAME_BYTES = 255;

interface UserBody {
  readonly name?: string;
  readonly active?: boolean;
}

function userSpec(
  table: "service_users" | "bot_users",
  prefix: string,
  one: string,
): StoredSpec<typeof table, UserBody & { readonly name: string }, UserBody> {
  const name = text("What people call it; each name once in the account", "deployments");
  const active = flag("Whether its credentials are accepted", true);
  return {
    name: table,
    one,
    table,
    prefix,
    event: table.slice(0, -1),
    object: z.strictObject({ ...identity(prefix, `/${table}`), name, active }),
    create: z.strictObject({ name, active: active.optional() }),
    update: z.strictObject({ name: name.optional(), active: active.optional() }),
    filter: table === "service_users" ? { id: "id", created_at: "time" } : undefined,
    codes: { name: 4109 },
    examples: { create: [{ name: "deployments" }], update: [{ active: false }] },
    async insert(change, body) {
      await checkName(change, table, body.name);
      return { name: body.name, active: body.active ?? true };
    },
    async change(change, body, row) {
      if (body.name !== undefined && body.name !== row.name) {
        await checkName(change, table, body.name);
      }
      return {
        ...(body.name === undefined ? {} : { name: body.name }),
        ...(body.active === undefined ? {} : { active: body.active }),
      };
    },
    beforeDelete: (change, row) => revokeAll(change, row.id),
    toJson: (call, row) => ({
      id: row.id,
      uri: call.uri(`/${table}/${row.id}`),
      created_at: formatTime(row.created_at),
      name: row.name,
      active: row.active,
    }),
  };
}

async function checkName(
  change: Change,
  table: "service_users" | "bot_users",
  name: string,
): Promise<void> {
  if (name.trim() === "") throw problem(4109, "The name of a service user must not be empty");
  if (new TextEncoder().encode(name).length > MAX_NAME_BYTES) {
    throw problem(4110, `The name of a service user has ${MAX_NAME_BYTES} bytes at most`);
  }
  if (await change.content[table].count(change.accountId, { name }) === 0) return;
  throw problem(4112, `Cannot use the name "${name}": another service user has it`);
}

/** What a user owned goes with it (spec edge M). */
async function revokeAll(change: Change, ownerId: string): Promise<void> {
  const where = { owner_id: ownerId, revoked_at: null };
  const revoked = { revoked_at: change.nowMs, updated_at: change.nowMs };
  const { authtokens, api_keys: apiKeys } = change.content;
  for (const [name, table] of [["credentials", authtokens], ["api_keys", apiKeys]] as const) {
    for (;;) {
      const rows = await table.list(change.accountId, { where });
      for (const { id } of rows) {
        await table.update(change.accountId, id, revoked);
        change.changed(name, "deleted", id);
      }
      if (rows.length === 0) break;
    }
  }
}

/** Service users. */
export const serviceUsers: Resource = {
  name: "service_users",
  about:
    "An owner of credentials that is no person. While it is not active its authtokens and API " +
    "keys are refused; when it is deleted they are revoked.",
  operations: storedOperations(userSpec("service_users", "service", "service user")),
};

/** Service users under their old name. */
export const botUsers: Resource = {
  name: "bot_users",
  about: "The old name of service users, for clients that know no other.",
  operations: storedOperations(userSpec("bot_users", "bot", "bot user")),
};
