/**
 * Secrets: values that traffic policies may read and nobody else.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import { encodeText } from "../../base/bytes.ts";
import type { SecretRow, VaultRow } from "../../store/tables.ts";
import type { Change } from "../change.ts";
import { formatTime } from "../events.ts";
import { exampleId, identity, ownTexts, ref, text, time } from "../fields.ts";
import { BASE_FILTER } from "../filter.ts";
import { problem } from "../problem.ts";
import { principalRef, refTo } from "../refs.ts";
import type { Call, Json, ListFacts, Resource } from "../resource.ts";
import { storedOperations, type StoredSpec, textsOf } from "../stored.ts";
import { checkName } from "./vault_names.ts";

/** A value is shorter than this. */
const VALUE_LIMIT_BYTES = 16_384;

const name = text("Letters, digits and `_ / . -`; each name once in the vault", "db-password");
const value = text("What is secret: it is never shown again", "open sesame");

interface UpdateBody {
  readonly name?: string;
  readonly value?: string;
}

interface CreateBody extends UpdateBody {
  readonly name: string;
  readonly value: string;
  readonly vault_id?: string;
  readonly vault_name?: string;
}

const user = "A user or service user";

const spec: StoredSpec<"secrets", CreateBody, UpdateBody, { readonly sealed?: string }> = {
  name: "vault_secrets",
  one: "secret",
  table: "secrets",
  prefix: "secret",
  listKey: "secrets",
  event: "secret",
  object: z.strictObject({
    ...identity("secret", "/vault_secrets"),
    ...ownTexts("the secret"),
    updated_at: time("When it was changed last"),
    name,
    created_by: ref(`Who made it: ${user.toLowerCase()}`, "", exampleId("usr")),
    last_updated_by: ref(`Who changed it last: ${user.toLowerCase()}`, "", exampleId("usr")),
    vault: ref("Its vault", "/vaults", exampleId("vault")),
    vault_name: text("The name of its vault", "prod-vault"),
  }),
  create: z.strictObject({
    ...ownTexts("the secret"),
    name,
    value,
    vault_id: text("The vault it goes to", exampleId("vault")).optional(),
    vault_name: text("The name of that vault, instead of its id", "prod-vault").optional(),
  }),
  update: z.strictObject({
    ...ownTexts("the secret"),
    name: name.optional(),
    value: value.optional(),
  }),
  filter: { ...BASE_FILTER, name: "text" },
  codes: { name: 24001, value: 24003, vault_id: 24008, vault_name: 24008 },
  taken: 24005,
  examples: {
    create: [
      {
        name: "db-password",
        value: "open sesame",
        vault_id: exampleId("vault"),
        description: "of the database",
      },
    ],
    update: [{ value: "open barley" }],
  },
  createDetails: "The value is sealed before it is stored, and never shown again",
  async prepare(call, body, id) {
    if (body.value === undefined) return {};
    checkValue(body.value);
    return { sealed: await call.api.deps.sealer.seal(body.value, `secrets/${id}`) };
  },
  async insert(change, body, { sealed }) {
    const vault = await findVault(change, body);
    const { maxObjects } = change.api.limits;
    if (
      await change.content.secrets.count(change.accountId, { vault_id: vault.id }) >= maxObjects
    ) {
      throw problem(24007, `A vault may have ${maxObjects} secrets`);
    }
    return {
      name: checkName("secret", body.name),
      vault_id: vault.id,
      value_sealed: sealed!,
      created_by: change.principal.id,
      last_updated_by: change.principal.id,
    };
  },
  change: (change, body, _row, { sealed }) => ({
    ...(body.name === undefined ? {} : { name: checkName("secret", body.name) }),
    ...(sealed === undefined ? {} : { value_sealed: sealed }),
    last_updated_by: change.principal.id,
  }),
  toJson: secretToJson,
};

/** A secret as answers and events have it: without its value. */
export async function secretToJson(
  call: Call,
  row: SecretRow,
): Promise<Json & { readonly id: string }> {
  const vault = await call.content.vaults.get(call.accountId, row.vault_id);
  return {
    id: row.id,
    uri: call.uri(`/vault_secrets/${row.id}`),
    created_at: formatTime(row.created_at),
    ...textsOf(row),
    updated_at: formatTime(row.updated_at),
    name: row.name,
    created_by: principalRef(call, row.created_by),
    last_updated_by: principalRef(call, row.last_updated_by),
    vault: refTo(call, "/vaults", row.vault_id),
    vault_name: vault?.name ?? "",
  };
}

function checkValue(text: string): void {
  if (text === "") throw problem(24003, "The value of a secret must not be empty");
  if (encodeText(text).length < VALUE_LIMIT_BYTES) return;
  throw problem(24004, `The value of a secret has fewer than ${VALUE_LIMIT_BYTES} bytes`);
}

async function findVault(change: Change, body: CreateBody): Promise<VaultRow> {
  const { vault_id: id, vault_name: vaultName } = body;
  const { vaults } = change.content;
  if (id !== undefined) {
    const vault = await vaults.get(change.accountId, id);
    if (!vault) throw problem(24006, `The vault "${id}" does not exist`);
    if (vaultName === undefined || vault.name === vaultName) return vault;
    throw problem(215, `The vault "${id}" is not called "${vaultName}"; give one of the two`);
  }
  if (vaultName === undefined) throw problem(24008, 'The secret needs a vault: give "vault_id"');
  const [vault] = await vaults.list(change.accountId, { where: { name: vaultName } });
  if (vault) return vault;
  throw problem(24009, `There is no vault with the name "${vaultName}"`);
}

/** The schema of a secret in answers. */
export const secretSchema: StoredSpec<"secrets", never, never>["object"] = spec.object;

/** What lists of secrets can do. */
export const secretList: ListFacts = { prefix: spec.prefix, filter: spec.filter };

/** Secrets. */
export const vaultSecrets: Resource = {
  name: spec.name,
  commandName: "secrets",
  about:
    "A value that traffic policies read with `secrets.get(vault, name)`. This API takes values " +
    "and never gives one back.",
  operations: storedOperations(spec),
};
