/**
 * References between objects, and who owns what.
 *
 * @module
 */
import type { Ref } from "./fields.ts";
import { problem } from "./problem.ts";
import type { Call } from "./resource.ts";

/**
 * A reference as answers have it (spec rest-api A10).
 *
 * @param call knows where the API is
 * @param path of the collection: `/ip_policies`
 * @param id of the object
 */
export function refTo(call: Call, path: string, id: string): Ref {
  return { id, uri: call.uri(`${path}/${id}`) };
}

/**
 * A reference to whoever did something: users have no address, service users have one.
 *
 * @param call knows where the API is
 * @param id `usr_…`, `service_…`, `bot_…`
 */
export function principalRef(call: Call, id: string): Ref {
  if (id.startsWith("service_")) return refTo(call, "/service_users", id);
  if (id.startsWith("bot_")) return refTo(call, "/bot_users", id);
  return { id, uri: "" };
}

/** The id of the account's owner as a user: accounts here have one, and it has no row of its own. */
export function ownerUserId(accountId: string): string {
  return `usr_${accountId.slice(accountId.indexOf("_") + 1)}`;
}

/** The owner of a credential as answers have it. */
export function ownerOf(call: Call, ownerId: string | null): string {
  return ownerId ?? ownerUserId(call.accountId);
}

/**
 * The owner of a new credential as the store keeps it.
 *
 * @param call who asks: the owner unless another one is named
 * @param ownerId as the body has it
 * @returns `null` for the account's owner
 * @throws {ApiProblem} 634
 */
export async function readOwner(call: Call, ownerId: string | undefined): Promise<string | null> {
  const id = ownerId || call.principal.id;
  if (id === ownerUserId(call.accountId)) return null;
  const user = id.startsWith("bot_")
    ? await call.content.bot_users.get(call.accountId, id)
    : await call.content.service_users.get(call.accountId, id);
  if (user) return id;
  throw problem(634, `Cannot give the credential to "${id}": the account has no such user`);
}
