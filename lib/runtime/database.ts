/**
 * An embedded SQL database as the store sees it. One implementation per runtime lives beside this
 * file; `lib/store/` is the only room that uses it.
 *
 * @module
 */

/** What a column can hold. Booleans are 0 and 1, times are milliseconds since 1970, objects are JSON text. */
export type SqlValue = string | number | Uint8Array | null;

/** One row, by column name. */
export type SqlRow = Record<string, SqlValue>;

/** A statement that was compiled. */
export interface SqliteStatement {
  /** Whether it gives rows. */
  readonly reader: boolean;
  /** Runs it and gives all rows. */
  all(values: readonly SqlValue[]): SqlRow[];
  /** Runs it and says how many rows it changed. */
  run(values: readonly SqlValue[]): { changes: number };
}

/** An SQLite file that is open. */
export interface SqliteDatabase {
  /** Compiles a statement. */
  prepare(sql: string): SqliteStatement;
  /** Runs statements without values. */
  exec(sql: string): void;
  /** Copies the database into a new file while it is in use. */
  backupTo(path: string): Promise<void>;
  /** Closes it. Idempotent. */
  close(): void;
}

/**
 * Opens or creates a file, mode 0600; `:memory:` is a database of its own that is gone after close.
 *
 * @throws {TunnelError} io_failed, permission_denied
 */
export type OpenSqlite = (path: string) => Promise<SqliteDatabase>;
