/**
 * The five usual operations of a resource that lies in the store: list, create, get, update, delete.
 * What is special about one is said by its file in `resources/`.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import type { Schema } from "../base/schema.ts";
import type { ObjectTable } from "../store/object_table.ts";
import type { ObjectRow, ObjectTables, TableName } from "../store/tables.ts";
import { type Change, change } from "./change.ts";
import type { ApiCode } from "./codes.ts";
import type { FilterFields } from "./filter.ts";
import { listAnswer } from "./list_answer.ts";
import { type Listed, page } from "./paging.ts";
import { ApiProblem, notFound, problem } from "./problem.ts";
import { checkId } from "./query.ts";
import type { Answer, Call, Json, Operation, PathParam } from "./resource.ts";

/** The columns of a row that are its own. */
export type Fields<T extends TableName> = Omit<ObjectTables[T], keyof ObjectRow>;

/** What may be awaited or not. */
export type Eventually<T> = T | Promise<T>;

/** What is special about a resource in the store. */
export interface StoredSpec<T extends TableName, C, U, P = undefined> {
  /** Its name in paths: `reserved_domains`. */
  readonly name: string;
  /** One of it, in words: `reserved domain`. */
  readonly one: string;
  /** Several of it. @default {"`one` and an s"} */
  readonly many?: string;
  /** Its table. */
  readonly table: T;
  /** The prefix of its ids, without `_`. */
  readonly prefix: string;
  /** The name of the objects in lists. @default {"`name`"} */
  readonly listKey?: string;
  /** The name of the object in events: `domain`. */
  readonly event: string;
  /** The answer. */
  readonly object: Schema<Json>;
  /** The body of create. */
  readonly create: Schema<C>;
  /** The body of update. */
  readonly update: Schema<U>;
  /** What a filter may name; `undefined` when there is no filter. */
  readonly filter: FilterFields | undefined;
  /** Numbers for what is wrong about a field, instead of 215. */
  readonly codes?: Readonly<Record<string, ApiCode>>;
  /** Refuses an update that changes nothing. */
  readonly emptyUpdate?: ApiCode;
  /** Refuses one object too many. */
  readonly quota?: ApiCode;
  /** Refuses what is taken. */
  readonly taken?: ApiCode;
  /** Bodies that work. */
  readonly examples: { readonly create: readonly Json[]; readonly update: readonly Json[] };
  /** What else is to know about creating one. */
  readonly createDetails?: string;
  /** Only rows with these columns are there. */
  readonly where?: Partial<ObjectTables[T]>;
  /** Work that takes time, before the transaction begins; `row` is what an update is about. */
  readonly prepare?: (call: Call, body: C | U, id: string, row?: ObjectTables[T]) => Promise<P>;
  /** The columns of a new row. Checks belong here. */
  readonly insert: (
    change: Change,
    body: C,
    prepared: P,
    id: string,
  ) => Eventually<Fields<T>>;
  /** The columns that an update changes. Checks belong here. */
  readonly change?: (
    change: Change,
    body: U,
    row: ObjectTables[T],
    prepared: P,
  ) => Eventually<Partial<Fields<T>>>;
  /** Refuses a deletion, or deletes what hangs on it. */
  readonly beforeDelete?: (change: Change, row: ObjectTables[T]) => Promise<void>;
  /** Deletes in another way than by removing the row. */
  readonly remove?: (change: Change, row: ObjectTables[T]) => Promise<void>;
  /** The answer. */
  readonly toJson: (call: Call, row: ObjectTables[T]) => Eventually<Json>;
  /** What the answer to create says once and never again. */
  readonly revealed?: (prepared: P) => Json;
}

/** Texts that nearly every body has. */
interface OwnTexts {
  readonly description?: string;
  readonly metadata?: string;
}

/**
 * The operations of a resource in the store.
 *
 * @param spec what is special about it
 */
export function storedOperations<T extends TableName, C, U, P = undefined>(
  spec: StoredSpec<T, C, U, P>,
): Operation[] {
  const { name, one, many = `${spec.one}s`, prefix, object } = spec;
  const path = `/${name}`;
  const params = { id: idParam(spec.prefix, one) };
  const listKey = spec.listKey ?? name;
  const list = { prefix, filter: spec.filter };
  const codes = spec.codes;
  return [
    {
      verb: "list",
      method: "GET",
      path,
      summary: `Lists the ${many} of the account, newest first`,
      params: {},
      list,
      answer: listAnswer(listKey, object),
      status: 200,
      run: (call) =>
        page(call, path, listKey, list, async (beforeId, limit) => {
          const options = { beforeId, limit, where: spec.where };
          const rows = await tableOf(call, spec.table).list(call.accountId, options);
          return await Promise.all(rows.map((row) => spec.toJson(call, row) as Eventually<Listed>));
        }),
    },
    {
      verb: "create",
      method: "POST",
      path,
      summary: `Creates ${article(one)}`,
      details: spec.createDetails,
      params: {},
      body: { schema: spec.create, codes, examples: spec.examples.create },
      answer: object,
      status: 201,
      run: (call, body: C) => createOne(call, spec, body),
    },
    {
      verb: "get",
      method: "GET",
      path: `${path}/{id}`,
      summary: `Shows ${article(one)}`,
      params,
      answer: object,
      status: 200,
      run: async (call) => await spec.toJson(call, await findRow(call, spec)),
    },
    {
      verb: "update",
      method: "PATCH",
      path: `${path}/{id}`,
      summary: `Changes ${article(one)}`,
      details: "Fields that are left out, or null, stay as they are; an empty text clears one",
      params,
      body: {
        schema: spec.update,
        codes,
        examples: spec.examples.update,
        echoes: { id: "id" },
      },
      answer: object,
      status: 200,
      run: (call, body: U) => updateOne(call, spec, body),
    },
    {
      verb: "delete",
      method: "DELETE",
      path: `${path}/{id}`,
      summary: `Deletes ${article(one)}`,
      params,
      status: 204,
      run: (call) => deleteOne(call, spec),
    },
  ];
}

/** The parameter that names an object. */
export function idParam(prefix: string, one: string): PathParam {
  return { prefix, doc: `Names the ${one}: "${prefix}_…"` };
}

/** `a` or `an` in front. */
export function article(noun: string): string {
  return `${/^([aeio]|api)/i.test(noun) ? "an" : "a"} ${noun}`;
}

/** The table of a resource; its rows are typed by its name. */
function tableOf<T extends TableName>(call: Call, name: T): ObjectTable<ObjectTables[T]> {
  return call.content[name] as unknown as ObjectTable<ObjectTables[T]>;
}

/**
 * The row that the path names.
 *
 * @throws {ApiProblem} 227; 404 when the account has none
 */
export async function findRow<T extends TableName>(
  call: Call,
  spec: Pick<StoredSpec<T, never, never, never>, "table" | "prefix" | "where">,
): Promise<ObjectTables[T]> {
  const { id } = call.params;
  checkId(id, spec.prefix);
  const row = await tableOf(call, spec.table).get(call.accountId, id);
  if (!row || !fits(row, spec.where ?? {})) throw notFound();
  return row;
}

function fits(row: object, where: object): boolean {
  return Object.entries(where).every(([key, value]) =>
    (row as Record<string, unknown>)[key] === value
  );
}

async function createOne<T extends TableName, C, U, P>(
  call: Call,
  spec: StoredSpec<T, C, U, P>,
  body: C,
): Promise<Answer> {
  const id = call.api.ids.id(spec.prefix);
  const prepared = await spec.prepare?.(call, body, id) as P;
  const json = await orTaken(spec, () =>
    change(call, async (change) => {
      const table = tableOf(change, spec.table);
      const { maxObjects } = call.api.limits;
      if (spec.quota !== undefined && await table.count(call.accountId, spec.where) >= maxObjects) {
        throw problem(spec.quota, `Cannot create another one: an account may have ${maxObjects}`);
      }
      const { description = "", metadata = "" } = body as OwnTexts;
      const row = {
        id,
        account_id: call.accountId,
        created_at: call.nowMs,
        updated_at: call.nowMs,
        description,
        metadata,
        ...await spec.insert(change, body, prepared, id),
      } as unknown as ObjectTables[T];
      await table.insert(row);
      const json = await spec.toJson(change, row);
      await change.record(`${spec.event}_created.v0`, json);
      change.changed(spec.name, "created", id);
      return json;
    }));
  return { ...json, ...spec.revealed?.(prepared) };
}

async function updateOne<T extends TableName, C, U, P>(
  call: Call,
  spec: StoredSpec<T, C, U, P>,
  body: U,
): Promise<Answer> {
  const before = await findRow(call, spec);
  if (Object.keys(body as object).length === 0) {
    if (spec.emptyUpdate === undefined) return await spec.toJson(call, before);
    throw problem(spec.emptyUpdate, `Cannot update the ${spec.one}: no field was given`);
  }
  const prepared = await spec.prepare?.(call, body, before.id, before) as P;
  return await orTaken(spec, () =>
    change(call, async (change) => {
      // It may have changed since it was read first.
      const row = await findRow(change, spec);
      const { description, metadata } = body as OwnTexts;
      const columns = {
        ...(description === undefined ? {} : { description }),
        ...(metadata === undefined ? {} : { metadata }),
        ...await spec.change?.(change, body, row, prepared),
        updated_at: call.nowMs,
      } as Parameters<ObjectTable<ObjectTables[T]>["update"]>[2];
      const after = await tableOf(change, spec.table).update(call.accountId, row.id, columns);
      if (!after) throw notFound();
      const json = await spec.toJson(change, after);
      await change.record(`${spec.event}_updated.v0`, json);
      change.changed(spec.name, "updated", row.id);
      return json;
    }));
}

async function deleteOne<T extends TableName, C, U, P>(
  call: Call,
  spec: StoredSpec<T, C, U, P>,
): Promise<Answer> {
  checkId(call.params.id, spec.prefix);
  await change(call, async (change) => {
    const row = await findRow(change, spec);
    await spec.beforeDelete?.(change, row);
    const json = await spec.toJson(change, row);
    if (spec.remove) await spec.remove(change, row);
    else await tableOf(change, spec.table).remove(call.accountId, row.id);
    await change.record(`${spec.event}_deleted.v0`, json);
    change.changed(spec.name, "deleted", row.id);
  });
  return undefined;
}

/** Two requests may race for one name; the database decides, and the loser is told so. */
async function orTaken<R>(
  spec: { readonly one: string; readonly taken?: ApiCode },
  run: () => Promise<R>,
): Promise<R> {
  try {
    return await run();
  } catch (thrown) {
    if (thrown instanceof ApiProblem) throw thrown;
    if (!(thrown instanceof TunnelError) || thrown.code !== "conflict") throw thrown;
    const message = `Cannot keep the ${spec.one}: one like it is there already`;
    throw spec.taken === undefined
      ? new ApiProblem(409, message, { cause: thrown })
      : problem(spec.taken, message);
  }
}

/** The texts of a row as answers have them: left out when they are empty (spec rest-api A18). */
export function textsOf(row: ObjectRow): Json {
  return {
    ...(row.description === "" ? {} : { description: row.description }),
    ...(row.metadata === "" ? {} : { metadata: row.metadata }),
  };
}
