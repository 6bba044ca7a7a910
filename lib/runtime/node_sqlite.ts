/**
 * SQLite by `node:sqlite`, which Deno and Bun have as well. Loaded when a store is opened, so that a
 * program without one neither pays for it nor needs a runtime that has it.
 *
 * @module
 */
import { chmod } from "node:fs/promises";
import { type ErrorCode, TunnelError } from "../base/errors.ts";
import type { SqliteDatabase, SqliteStatement, SqlRow, SqlValue } from "./database.ts";
import { translateError } from "./translate_errors.ts";

/** How long a statement waits for another process that writes. */
const BUSY_TIMEOUT_MS = 5_000;

/** What keeps a statement from being done and is no fault of it, by SQLite's primary result code. */
const OUTER_FAULTS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  5: ["timed_out", `another program has been writing to it for ${BUSY_TIMEOUT_MS / 1000} s`],
  8: ["permission_denied", "it cannot be written to"],
  10: ["io_failed", "the disk fails"],
  11: ["io_failed", "the file is damaged; restore a backup"],
  13: ["io_failed", "the disk is full"],
  26: ["io_failed", "the file is no database"],
};

/**
 * Opens or creates a database; what was committed survives the process and, with `synchronous` at
 * FULL, the machine.
 *
 * @param path the file, or `:memory:`
 * @throws {TunnelError} io_failed, permission_denied
 */
export async function openSqlite(path: string): Promise<SqliteDatabase> {
  const { DatabaseSync, backup } = await loadSqlite();
  try {
    const database = new DatabaseSync(path);
    database.exec(
      `PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; PRAGMA journal_mode = WAL; ` +
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
    );
    if (path !== ":memory:") await chmod(path, 0o600);
    let open = true;
    return {
      prepare: (sql) => toStatement(said(path, () => database.prepare(sql)), path),
      exec: (sql) => database.exec(sql),
      async backupTo(target) {
        await backup(database, target);
        await chmod(target, 0o600);
      },
      close() {
        if (open) database.close();
        open = false;
      },
    };
  } catch (thrown) {
    throw translateError(thrown, `Cannot open the database "${path}"`, "io_failed");
  }
}

async function loadSqlite(): Promise<typeof import("node:sqlite")> {
  try {
    return await import("node:sqlite");
  } catch (cause) {
    throw new TunnelError(
      "io_failed",
      "Cannot open a database: this runtime has no node:sqlite; Deno 2.5, Bun 1.3 and Node 22.18 have it",
      { cause },
    );
  }
}

/** The part of node:sqlite's statement that is used. */
interface NativeStatement {
  columns(): readonly unknown[];
  all(...values: SqlValue[]): unknown[];
  run(...values: SqlValue[]): { changes: number | bigint };
}

function toStatement(statement: NativeStatement, path: string): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (values) => said(path, () => statement.all(...values) as SqlRow[]),
    run: (values) => said(path, () => ({ changes: Number(statement.run(...values).changes) })),
  };
}

/** Does something, and says in words what the world has against it. */
function said<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const { errcode = 0 } = cause as { errcode?: number };
    const fault = OUTER_FAULTS[errcode & 0xff];
    if (!fault) throw cause;
    throw new TunnelError(fault[0], `Cannot use the database "${path}": ${fault[1]}`, { cause });
  }
}
