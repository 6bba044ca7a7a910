/**
 * One table of objects that belong to accounts: the only way to read and write them. Every method
 * names the account, so nobody can reach into another one by forgetting to ask.
 *
 * @module
 */
import type { Kysely } from "kysely";
import { TunnelError } from "../base/errors.ts";
import {
  COLUMN_KINDS,
  type ColumnKinds,
  type ObjectRow,
  type ObjectTables,
  type TableName,
} from "./tables.ts";

/** A row as the database holds it: values by column. */
export type Raw = Record<string, unknown>;

/** The database as this file sees it: tables by name, columns as they come. */
export type RawDatabase = Kysely<Record<string, Raw>>;

/** Which objects a list gives. */
export interface ListOptions<Row> {
  /** Objects created before this one; exclusive. */
  readonly beforeId?: string;
  /** No more than so many. @default 100 */
  readonly limit?: number;
  /** Columns that must be equal. */
  readonly where?: Partial<Row>;
}

/** What can be changed about an object. */
export type Changes<Row> = Partial<Omit<Row, "id" | "account_id" | "created_at">>;

/** A table of objects. */
export class ObjectTable<Row extends ObjectRow> {
  readonly #db: RawDatabase;
  readonly #name: string;
  readonly #kinds: ColumnKinds;

  /**
   * Called by the store.
   *
   * @param db the database, or a transaction of it
   * @param name the table
   */
  constructor(db: RawDatabase, name: TableName) {
    this.#db = db;
    this.#name = name;
    this.#kinds = COLUMN_KINDS[name];
  }

  /**
   * Adds an object.
   *
   * @throws {TunnelError} conflict when a unique column is taken
   */
  async insert(row: Row): Promise<void> {
    try {
      await this.#db.insertInto(this.#name).values(this.#encode(row)).execute();
    } catch (thrown) {
      throw this.#conflictOr(thrown);
    }
  }

  /** The object of this account with this id. */
  async get(accountId: string, id: string): Promise<Row | undefined> {
    const raw = await this.#db.selectFrom(this.#name).selectAll()
      .where("account_id", "=", accountId).where("id", "=", id).executeTakeFirst();
    return raw && this.#decode(raw);
  }

  /** The account's objects, newest first. */
  async list(accountId: string, options: ListOptions<Row> = {}): Promise<Row[]> {
    let query = this.#db.selectFrom(this.#name).selectAll().where("account_id", "=", accountId);
    if (options.beforeId !== undefined) query = query.where("id", "<", options.beforeId);
    for (const [column, value] of Object.entries(this.#encode(options.where ?? {}))) {
      query = value === null
        ? query.where(column, "is", null)
        : query.where(column, "=", value as string);
    }
    const rows = await query.orderBy("id", "desc").limit(options.limit ?? 100).execute();
    return rows.map((raw) => this.#decode(raw));
  }

  /**
   * Changes an object.
   *
   * @returns the object as it is now; `undefined` when the account has none with this id
   * @throws {TunnelError} conflict when a unique column is taken
   */
  async update(accountId: string, id: string, changes: Changes<Row>): Promise<Row | undefined> {
    const set = this.#encode(changes);
    try {
      if (Object.keys(set).length > 0) {
        await this.#db.updateTable(this.#name).set(set)
          .where("account_id", "=", accountId).where("id", "=", id).execute();
      }
    } catch (thrown) {
      throw this.#conflictOr(thrown);
    }
    return await this.get(accountId, id);
  }

  /** Removes an object; false when the account has none with this id. */
  async remove(accountId: string, id: string): Promise<boolean> {
    const result = await this.#db.deleteFrom(this.#name)
      .where("account_id", "=", accountId).where("id", "=", id).executeTakeFirst();
    return Number(result.numDeletedRows) > 0;
  }

  /**
   * How many objects the account has.
   *
   * @param where columns that must be equal
   */
  async count(accountId: string, where: Partial<Row> = {}): Promise<number> {
    let query = this.#db.selectFrom(this.#name)
      .select((select) => select.fn.countAll<number>().as("count"))
      .where("account_id", "=", accountId);
    for (const [column, value] of Object.entries(this.#encode(where))) {
      query = value === null
        ? query.where(column, "is", null)
        : query.where(column, "=", value as string);
    }
    return Number((await query.executeTakeFirstOrThrow()).count);
  }

  /**
   * Looks across accounts, for what the edge must know before it knows the account: whose token
   * this is, whose name. Never for what an account asked.
   *
   * @param where columns that must be equal
   */
  async findAnywhere(where: Partial<Row>): Promise<Row[]> {
    let query = this.#db.selectFrom(this.#name).selectAll();
    for (const [column, value] of Object.entries(this.#encode(where))) {
      query = query.where(column, "=", value as string);
    }
    return (await query.orderBy("id", "desc").execute()).map((raw) => this.#decode(raw));
  }

  /**
   * Looks across accounts for several values of one column, as {@linkcode findAnywhere} does for
   * one.
   *
   * @param column a text column
   * @param values no more than some hundred: a database takes only so many
   */
  async findAnyOf(column: keyof Row & string, values: readonly string[]): Promise<Row[]> {
    if (values.length === 0) return [];
    const rows = await this.#db.selectFrom(this.#name).selectAll()
      .where(column as string, "in", [...values]).orderBy("id", "desc").execute();
    return rows.map((raw) => this.#decode(raw));
  }

  /** Removes the account's objects beyond the newest `keep`: history does not grow for ever. */
  async trim(accountId: string, keep: number): Promise<void> {
    const last = await this.#db.selectFrom(this.#name).select("id")
      .where("account_id", "=", accountId).orderBy("id", "desc").offset(keep).limit(1)
      .executeTakeFirst();
    if (!last) return;
    await this.#db.deleteFrom(this.#name)
      .where("account_id", "=", accountId).where("id", "<=", last.id as string).execute();
  }

  #encode(row: object): Raw {
    const raw: Raw = { ...row };
    for (const name of this.#kinds.json ?? []) {
      if (raw[name] !== undefined && raw[name] !== null) raw[name] = JSON.stringify(raw[name]);
    }
    for (const name of this.#kinds.boolean ?? []) {
      if (raw[name] !== undefined) raw[name] = raw[name] ? 1 : 0;
    }
    for (const [name, value] of Object.entries(raw)) if (value === undefined) delete raw[name];
    return raw;
  }

  #decode(raw: Raw): Row {
    const row: Raw = { ...raw };
    for (const name of this.#kinds.json ?? []) {
      if (typeof row[name] === "string") row[name] = JSON.parse(row[name]);
    }
    for (const name of this.#kinds.boolean ?? []) row[name] = Number(row[name]) === 1;
    // PostgreSQL's drivers give 64-bit integers as text.
    for (const name of Object.keys(row)) {
      if (name.endsWith("_at") && row[name] !== null) row[name] = Number(row[name]);
    }
    return row as unknown as Row;
  }

  #conflictOr(thrown: unknown): unknown {
    const message = thrown instanceof Error ? thrown.message : "";
    // SQLite says UNIQUE constraint failed; PostgreSQL has SQLSTATE 23505.
    if (
      /UNIQUE constraint failed/.test(message) || (thrown as { code?: unknown })?.code === "23505"
    ) {
      return new TunnelError("conflict", `Cannot keep this in "${this.#name}": it exists already`, {
        cause: thrown,
      });
    }
    return thrown;
  }
}

/** Every table of objects. */
export type ObjectTableSet = { readonly [T in TableName]: ObjectTable<ObjectTables[T]> };

/** The tables of a database, or of a transaction of it. */
export function objectTables(db: RawDatabase): ObjectTableSet {
  const tables: Record<string, unknown> = {};
  for (const name of Object.keys(COLUMN_KINDS) as TableName[]) {
    tables[name] = new ObjectTable(db, name);
  }
  return tables as ObjectTableSet;
}
