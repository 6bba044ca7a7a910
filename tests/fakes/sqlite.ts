/**
 * Databases that are gone with the test, and yet are found again when they are opened twice: for
 * edges that start again with the same data.
 *
 * @module
 */
import type { OpenSqlite, SqliteDatabase } from "../../lib/runtime/database.ts";
import { openSqlite } from "../../lib/runtime/node_sqlite.ts";

const databases = new WeakMap<object, Map<string, SqliteDatabase>>();

/**
 * Opens databases in memory, by path.
 *
 * @param owner who holds them: the same one finds the same databases
 */
export function memorySqlite(owner: object = {}): OpenSqlite {
  let mine = databases.get(owner);
  if (!mine) databases.set(owner, mine = new Map());
  const known = mine;
  return async (path) => {
    if (path === ":memory:") return await openSqlite(path);
    let database = known.get(path);
    if (!database) known.set(path, database = await openSqlite(":memory:"));
    return { ...database, close: () => {} };
  };
}
