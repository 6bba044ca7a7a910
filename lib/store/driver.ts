/**
 * What a database must offer to be a store's: a kysely dialect and a way to copy it. SQLite is one;
 * another is another driver and no other store.
 *
 * @module
 */
import { type Dialect, SqliteDialect } from "kysely";
import type { SqliteDatabase, SqliteStatement, SqlValue } from "../runtime/database.ts";

/** A database that a store can live in. */
export interface StoreDriver {
  /** How kysely speaks to it. */
  readonly dialect: Dialect;
  /** Copies it into a file while it is in use; absent where that is the operator's business. */
  readonly backupTo?: (path: string) => Promise<void>;
  /** A number that is another one after another process has written; absent where the database tells. */
  readonly foreignVersion?: () => number;
}

/**
 * The driver of an SQLite file.
 *
 * @param database open; closed by the store
 */
export function sqliteDriver(database: SqliteDatabase): StoreDriver {
  const dialect = new SqliteDialect({
    database: {
      prepare(sql) {
        const statement = database.prepare(sql);
        return {
          reader: statement.reader,
          all: (values) => statement.all(values as readonly SqlValue[]),
          run: (values) => ({
            changes: statement.run(values as readonly SqlValue[]).changes,
            lastInsertRowid: 0,
          }),
          iterate: (values) => statement.all(values as readonly SqlValue[]).values(),
        };
      },
      close: () => database.close(),
    },
  });
  let asking: SqliteStatement | undefined;
  return {
    dialect,
    backupTo: (path) => database.backupTo(path),
    foreignVersion() {
      asking ??= database.prepare("PRAGMA data_version");
      return Number(asking.all([])[0].data_version);
    },
  };
}
