import assert from "node:assert/strict";
import { Kysely, sql } from "kysely";
import { openSqlite } from "../../../lib/runtime/node_sqlite.ts";
import { sqliteDriver } from "../../../lib/store/driver.ts";
import { test } from "../../harness.ts";

test("sqliteDriver() lets kysely read, write, and count what it changed", async () => {
  const db = new Kysely<{ t: { a: string; b: number | null } }>(
    sqliteDriver(await openSqlite(":memory:")),
  );
  await db.schema.createTable("t").addColumn("a", "text").addColumn(
    "b",
    "integer",
  ).execute();
  await db.insertInto("t").values([{ a: "x", b: 1 }, { a: "y", b: null }])
    .execute();
  const changed = await db.updateTable("t").set({ b: 2 }).executeTakeFirst();
  assert.equal(Number(changed.numUpdatedRows), 2);
  const returned = await db.deleteFrom("t").where("a", "=", "x").returningAll()
    .execute();
  assert.deepEqual(returned.map((row) => ({ ...row })), [{ a: "x", b: 2 }]);
  assert.equal((await db.selectFrom("t").selectAll().execute()).length, 1);
  await assert.rejects(sql`select * from nowhere`.execute(db), /nowhere/);
  await db.destroy();
});

test("sqliteDriver() begins transactions with the right to write: another process may write any time", async () => {
  const database = await openSqlite(":memory:");
  const said: string[] = [];
  const db = new Kysely<{ t: { a: number } }>(sqliteDriver({
    ...database,
    prepare(sql) {
      said.push(sql);
      return database.prepare(sql);
    },
  }));
  await db.schema.createTable("t").addColumn("a", "integer").execute();
  await db.transaction().execute(async (transaction) => {
    await transaction.selectFrom("t").selectAll().execute();
  });
  assert.deepEqual(said.slice(1), ["begin immediate", 'select * from "t"', "commit"]);
  await db.destroy();
});
