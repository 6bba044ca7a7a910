/**
 * A store in memory and rows to put into it, for the tests of this room.
 *
 * @module
 */
import { ksuid, newId, randomBase62 } from "../../../lib/base/ids.ts";
import { openSqlite } from "../../../lib/runtime/node_sqlite.ts";
import { sqliteDriver } from "../../../lib/store/driver.ts";
import { openStore, type Store } from "../../../lib/store/store.ts";
import type { AuthtokenRow, ObjectRow, ReservedDomainRow } from "../../../lib/store/tables.ts";

let clockMs = 1_700_000_000_000;

/** Runs with a store that is gone afterwards. */
export async function withStore(
  run: (store: Store) => Promise<void>,
): Promise<void> {
  const store = await openStore(sqliteDriver(await openSqlite(":memory:")));
  try {
    await run(store);
  } finally {
    await store.close();
  }
}

/** A new account. */
export async function addAccount(store: Store): Promise<string> {
  const id = newId("ac", clockMs += 1000);
  await store.accounts.insert({
    id,
    name: "test",
    created_at: clockMs,
    suspended: false,
  });
  return id;
}

/** What every row has; each is a second newer than the one before. */
export function base(account: string, prefix: string): ObjectRow {
  clockMs += 1000;
  return {
    id: newId(prefix, clockMs),
    account_id: account,
    created_at: clockMs,
    updated_at: clockMs,
    description: "",
    metadata: "",
  };
}

/** A reserved domain. */
export function domain(account: string, name: string): ReservedDomainRow {
  return {
    ...base(account, "rd"),
    domain: name,
    region: "",
    certificate_id: null,
    certificate_management_policy: null,
    resolves_to: [],
  };
}

/** An authtoken that nobody has. */
export function authtoken(
  account: string,
  acl: readonly string[] = [],
): AuthtokenRow {
  return {
    ...base(account, "cr"),
    owner_id: null,
    lookup: ksuid(clockMs),
    token_sha256: randomBase62(64),
    revoked_at: null,
    acl,
  };
}
