/**
 * What a database must offer to be a store's: a kysely dialect and a way to copy it. SQLite is one;
 * another is another driver and no other store.
 *
 * @module
 */
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
} from "kysely";
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

/** Transactions take the right to write at their beginning. */
class WritingDriver extends SqliteDriver {
  /**
   * Begins one. By default SQLite asks for the right at the first statement that writes, and does not
   * wait for it when another process has written since the first that reads.
   */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }
}

class WritingDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig;

  constructor(config: SqliteDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new WritingDriver(this.#config);
  }
}

/**
 * The driver of an SQLite file.
 *
 * @param database open; closed by the store
 */
export function sqliteDriver(database: SqliteDatabase): StoreDriver {
  const dialect = new WritingDialect({
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
