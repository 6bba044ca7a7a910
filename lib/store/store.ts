/**
 * Durable state behind one contract: accounts and what belongs to them. The edge opens one at start
 * and reads it through narrow contracts of its own; the API writes it.
 *
 * A write that was awaited is on the disk.
 *
 * @module
 */
import { Kysely, sql } from "kysely";
import { Migrator } from "kysely/migration";
import { TunnelError } from "../base/errors.ts";
import type { StoreDriver } from "./driver.ts";
import { MIGRATIONS } from "./migrations.ts";
import { objectTables, type ObjectTableSet, type RawDatabase } from "./object_table.ts";
import type { AccountRow } from "./tables.ts";

/** What can be read and written. */
export interface StoreContent extends ObjectTableSet {
  /** Accounts themselves: the operator's, never an account's. */
  readonly accounts: Accounts;
  /** What the edge itself has to remember: the operator's, never an account's. */
  readonly settings: Settings;
}

/** Durable state. */
export interface Store extends StoreContent {
  /** Does several things or none of them. Nothing else is written in between. */
  transaction<T>(run: (content: StoreContent) => Promise<T>): Promise<T>;
  /**
   * Copies everything into a new file while in use.
   *
   * @throws {TunnelError} usage when the database has its own way of backing up
   */
  backupTo(path: string): Promise<void>;
  /**
   * A number that is another one after another process has written into the database; `undefined`
   * where the database has its own way of telling.
   */
  foreignVersion(): number | undefined;
  /** Closes the database. Idempotent. */
  close(): Promise<void>;
}

/** The accounts of an edge. */
export class Accounts {
  readonly #db: RawDatabase;

  /**
   * Called by the store.
   *
   * @param db the database, or a transaction of it
   */
  constructor(db: RawDatabase) {
    this.#db = db;
  }

  /** Adds an account. */
  async insert(row: AccountRow): Promise<void> {
    await this.#db.insertInto("accounts").values({ ...row, suspended: row.suspended ? 1 : 0 })
      .execute();
  }

  /** The account with this id. */
  async get(id: string): Promise<AccountRow | undefined> {
    const raw = await this.#db.selectFrom("accounts").selectAll().where("id", "=", id)
      .executeTakeFirst();
    return raw && decode(raw);
  }

  /** All accounts, oldest first. */
  async list(): Promise<AccountRow[]> {
    const rows = await this.#db.selectFrom("accounts").selectAll().orderBy("created_at")
      .orderBy("id").execute();
    return rows.map(decode);
  }

  /** How many there are. */
  async count(): Promise<number> {
    const row = await this.#db.selectFrom("accounts")
      .select((select) => select.fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
    return Number(row.count);
  }

  /** Changes an account. */
  async update(
    id: string,
    changes: Partial<Pick<AccountRow, "name" | "suspended">>,
  ): Promise<void> {
    const set: Record<string, unknown> = { ...changes };
    if (changes.suspended !== undefined) set.suspended = changes.suspended ? 1 : 0;
    await this.#db.updateTable("accounts").set(set).where("id", "=", id).execute();
  }
}

/** Short texts by name. */
export class Settings {
  readonly #db: RawDatabase;

  /**
   * Called by the store.
   *
   * @param db the database, or a transaction of it
   */
  constructor(db: RawDatabase) {
    this.#db = db;
  }

  /** What was set last; `undefined` when nothing was. */
  async get(name: string): Promise<string | undefined> {
    const raw = await this.#db.selectFrom("settings").select("value").where("name", "=", name)
      .executeTakeFirst();
    return raw && String(raw.value);
  }

  /** Names and values of all whose name begins with a prefix, sorted by name. */
  async entries(prefix: string): Promise<[name: string, value: string][]> {
    // Neither LIKE, which reads "%" and "_" in the prefix, nor a range, which depends on collation.
    const begin = sql<string>`substr(name, 1, ${prefix.length})`;
    const rows = await this.#db.selectFrom("settings").select(["name", "value"])
      .where(begin, "=", prefix).orderBy("name").execute();
    return rows.map(({ name, value }) => [String(name), String(value)]);
  }

  /** Forgets a value; nothing there is fine. */
  async remove(name: string): Promise<void> {
    await this.#db.deleteFrom("settings").where("name", "=", name).execute();
  }

  /** Sets a value, whether or not there was one. */
  async set(name: string, value: string): Promise<void> {
    await this.#db.insertInto("settings").values({ name, value })
      .onConflict((conflict) => conflict.column("name").doUpdateSet({ value })).execute();
  }
}

function decode(raw: Record<string, unknown>): AccountRow {
  return {
    id: String(raw.id),
    name: String(raw.name),
    created_at: Number(raw.created_at),
    suspended: Number(raw.suspended) === 1,
  };
}

/**
 * Opens a store, bringing its tables up to date.
 *
 * @param driver the database, owned by the store from now on
 * @throws {TunnelError} io_failed when the database is newer than this program, or a step fails
 */
export async function openStore(driver: StoreDriver): Promise<Store> {
  const db = new Kysely<Record<string, Record<string, unknown>>>({ dialect: driver.dialect });
  try {
    await migrate(db);
  } catch (thrown) {
    await db.destroy();
    throw thrown;
  }
  let closed: Promise<void> | undefined;
  return {
    ...content(db),
    transaction: (run) => db.transaction().execute((transaction) => run(content(transaction))),
    async backupTo(path) {
      if (!driver.backupTo) {
        throw new TunnelError(
          "usage",
          "Cannot copy this database: use the tools of the database server, such as pg_dump",
        );
      }
      await driver.backupTo(path);
    },
    foreignVersion: () => driver.foreignVersion?.(),
    close: () => closed ??= db.destroy(),
  };
}

function content(db: RawDatabase): StoreContent {
  return { ...objectTables(db), accounts: new Accounts(db), settings: new Settings(db) };
}

async function migrate(db: RawDatabase): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) },
  });
  const { error } = await migrator.migrateToLatest();
  if (!error) return;
  const reason = error instanceof Error ? error.message : String(error);
  throw new TunnelError("io_failed", `Cannot bring the database up to date: ${reason}`, {
    cause: error,
  });
}
