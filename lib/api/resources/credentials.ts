/**
 * Credentials: the authtokens of agents.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import { checkRule } from "../../edge/acl.ts";
import { OWNER_AUTHTOKEN } from "../../edge/owner.ts";
import { makeToken, type TokenKeys, tokenKeys } from "../../store/tokens.ts";
import { formatTime } from "../events.ts";
import { exampleId, identity, ownTexts, text, textList } from "../fields.ts";
import { BASE_FILTER } from "../filter.ts";
import { ownerOf, readOwner } from "../refs.ts";
import { problem } from "../problem.ts";
import type { Call, Resource } from "../resource.ts";
import type { Change } from "../change.ts";
import { storedOperations, type StoredSpec, textsOf } from "../stored.ts";

const acl = textList(
  "What agents with this authtoken may bind: `bind:` and a name, `*.` and a name, a TCP address, " +
    "or `label=value` (either may be `*`); `*` is everything. Any one rule is enough; with no rules " +
    "everything is allowed",
  ["bind:shop.example.com", "bind:*.dev.example.com"],
  100,
);
const owner = text(
  "Who owns it: a service user, or the owner of the account",
  exampleId("service"),
);

interface CreateBody {
  readonly acl?: readonly string[];
  readonly owner_id?: string;
}

/** A token that was just made: the whole, and what is kept of it. */
export interface NewToken extends TokenKeys {
  /** The whole. */
  readonly token: string;
}

/**
 * Makes the token of a new object.
 *
 * @param id of the object: the token begins with its KSUID (spec rest-api A19)
 */
export async function newToken(id: string): Promise<NewToken> {
  const token = makeToken(id.slice(id.indexOf("_") + 1));
  return { token, ...await tokenKeys(token) };
}

const spec: StoredSpec<
  "authtokens",
  CreateBody,
  Pick<CreateBody, "acl">,
  NewToken | undefined
> = {
  name: "credentials",
  one: "credential",
  table: "authtokens",
  prefix: "cr",
  event: "tunnel_credential",
  object: z.strictObject({
    ...identity("cr", "/credentials"),
    ...ownTexts("the authtoken"),
    token: z.string().nullable().meta({
      description: "The authtoken: in the answer to create alone, null ever after",
      examples: [null],
    }),
    acl,
    owner_id: owner,
  }),
  create: z.strictObject({
    ...ownTexts("the authtoken"),
    acl: acl.optional(),
    owner_id: owner.optional(),
  }),
  update: z.strictObject({ ...ownTexts("the authtoken"), acl: acl.optional() }),
  filter: { ...BASE_FILTER, owner_id: "id", acl: "list" },
  codes: { description: 604, metadata: 605, acl: 600 },
  emptyUpdate: 606,
  quota: 602,
  examples: {
    create: [
      { description: "the build server", acl: ["bind:*.ci.example.com"] },
      { metadata: '{"device":7}' },
    ],
    update: [{ acl: ["bind:shop.example.com", "bind:1.tcp.example.com:20000", "bind:app=*"] }],
  },
  createDetails: "The answer has the authtoken. It is shown this once: only its hash is kept",
  where: { revoked_at: null },
  prepare: async (_call, _body, id, row) => row ? undefined : await newToken(id),
  async insert(change, body, prepared) {
    const { lookup, sha256 } = prepared!;
    body.acl?.forEach(checkRule);
    return {
      owner_id: await readOwner(change, body.owner_id),
      acl: body.acl ?? [],
      lookup,
      token_sha256: sha256,
      revoked_at: null,
    };
  },
  change(_, body) {
    body.acl?.forEach(checkRule);
    return body.acl ? { acl: body.acl } : {};
  },
  beforeDelete: keepDefault,
  // The row stays, so that an agent that still has the token is told what happened to it (300).
  async remove(change, row) {
    const changes = { revoked_at: change.nowMs, updated_at: change.nowMs };
    await change.content.authtokens.update(change.accountId, row.id, changes);
  },
  toJson: (call: Call, row) => ({
    id: row.id,
    uri: call.uri(`/credentials/${row.id}`),
    created_at: formatTime(row.created_at),
    ...textsOf(row),
    token: null,
    acl: row.acl,
    owner_id: ownerOf(call, row.owner_id),
  }),
  revealed: (prepared) => ({ token: prepared?.token ?? null }),
};

/**
 * The authtoken an account began with is its user's default one, and stays (spec rest-api A21).
 * Whoever stands at the machine may take it back all the same.
 */
async function keepDefault({ content, principal }: Change, row: { id: string }): Promise<void> {
  if (principal.isAtMachine || await content.settings.get(OWNER_AUTHTOKEN) !== row.id) return;
  const isOwn = principal.id.startsWith("usr_");
  throw problem(
    isOwn ? 601 : 637,
    `Cannot delete "${row.id}": it is the default authtoken of ${
      isOwn ? "your account" : "the owner of the account"
    }. On the machine of the edge, "sallyport edge token revoke ${row.id}" revokes it, and another ` +
      "one preset in SALLYPORT_EDGE_AUTHTOKEN takes its place",
  );
}

/** Authtokens. */
export const credentials: Resource = {
  name: spec.name,
  about: "An authtoken, with which agents connect. Its rules (ACL) say what they may bind. " +
    "Deleting one cuts the agents that use it at once, and no other.",
  operations: storedOperations(spec),
};
