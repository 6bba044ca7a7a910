/**
 * What `sallyport edge token`, `key`, `domain`, `address`, `user` and `account` do: one operation on
 * the data folder, its answer as JSON. Loaded only when one of them runs.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import type { Json } from "../api/resource.ts";
import type { AccountRow } from "../store/tables.ts";
import type { Cli, Input } from "./command.ts";
import { type EdgeData, withEdgeData } from "./edge_data.ts";

/** What is done. */
export interface EdgeDeed {
  /** The resource of the API: `credentials`; `accounts` is nobody's. */
  readonly resource: string;
  /** The verb of the API; for accounts also `suspend` and `resume`. */
  readonly verb: string;
  /** The field by which people name an object. */
  readonly nameField?: string;
  /** The field of the body that the argument is. */
  readonly argumentField?: string;
  /** What else is in the body. */
  readonly body?: Json;
}

/** The flags it reads. */
export type EdgeDeedInput = Input<"data" | "account" | "acl" | "description">;

/**
 * Does it.
 *
 * @param cli the machine
 * @param deed what
 * @param input the argument and the flags
 * @returns 0
 * @throws {TunnelError} not_found; refused with the API's own words
 */
export async function operate(cli: Cli, deed: EdgeDeed, input: EdgeDeedInput): Promise<number> {
  return await withEdgeData(cli, input.flag("data") ?? "", async (data) => {
    const answer = deed.resource === "accounts"
      ? await operateAccounts(cli, data, deed, input.argument)
      : await operateObjects(data, deed, input);
    if (answer !== undefined) {
      cli.runtime.host.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
    }
    return 0;
  });
}

async function operateObjects(data: EdgeData, deed: EdgeDeed, input: EdgeDeedInput) {
  const { resource, verb, nameField, argumentField } = deed;
  const account = await data.account(input.flag("account"));
  if (verb === "list") return await data.all(account, resource);
  const { argument } = input;
  const body: Record<string, unknown> = { ...deed.body };
  if (verb === "create") {
    if (argumentField !== undefined && argument !== undefined) body[argumentField] = argument;
    if (input.all("acl").length > 0) body.acl = input.all("acl");
    if (input.isGiven("description")) body.description = input.flag("description");
    return await data.run(account, resource, verb, { body });
  }
  const objects = await data.all(account, resource);
  const found = objects.find(({ id }) => id === argument) ??
    objects.find((object) => nameField !== undefined && object[nameField] === argument);
  if (!found) {
    throw new TunnelError("not_found", `There is no "${argument}" in the account ${account.name}`);
  }
  const answer = await data.run(account, resource, verb, { id: String(found.id), body });
  return verb === "delete" ? undefined : answer;
}

async function operateAccounts(
  { runtime }: Cli,
  data: EdgeData,
  { verb }: EdgeDeed,
  argument: string | undefined,
) {
  const { accounts } = data.store;
  if (verb === "list") return (await accounts.list()).map(accountJson);
  if (verb !== "create") {
    const account = await data.account(argument ?? "");
    return await data.change(account, async ({ content, record }) => {
      await content.accounts.update(account.id, { suspended: verb === "suspend" });
      const json = accountJson((await content.accounts.get(account.id))!);
      await record("account_updated.v0", json);
      return json;
    });
  }
  const name = argument ?? "";
  const known = await accounts.list();
  if (known.some((account) => account.name === name)) {
    throw new TunnelError("conflict", `Cannot add the account "${name}": there is one already`);
  }
  const nowMs = runtime.clock.now();
  const account = { id: newId("ac", nowMs), name, created_at: nowMs, suspended: false };
  await data.change(account, async ({ content, record }) => {
    await content.accounts.insert(account);
    await record("account_created.v0", accountJson(account));
  });
  const body = { description: "made with the account" };
  const { token: authtoken } = await data.run(account, "credentials", "create", { body });
  const { token: api_key } = await data.run(account, "api_keys", "create", { body });
  return { ...accountJson(account), authtoken, api_key };
}

function accountJson({ id, name, created_at, suspended }: AccountRow) {
  return { id, name, created_at: new Date(created_at).toISOString(), suspended };
}
