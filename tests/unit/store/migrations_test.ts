import assert from "node:assert/strict";
import { openSqlite } from "../../../lib/runtime/node_sqlite.ts";
import { sqliteDriver } from "../../../lib/store/driver.ts";
import { MIGRATIONS } from "../../../lib/store/migrations.ts";
import { openStore } from "../../../lib/store/store.ts";
import { COLUMN_KINDS } from "../../../lib/store/tables.ts";
import { test } from "../../harness.ts";

test("MIGRATIONS make every table that the store knows, with columns of portable types", async () => {
  const database = await openSqlite(":memory:");
  const store = await openStore(sqliteDriver(database));
  const tables = database.prepare(
    "select name from sqlite_master where type = 'table'",
  ).all([]);
  const names = tables.map((row) => row.name);
  for (const name of [...Object.keys(COLUMN_KINDS), "accounts"]) {
    assert.ok(names.includes(name), name);
  }
  for (const name of Object.keys(COLUMN_KINDS)) {
    const columns = database.prepare(
      `select name, type from pragma_table_info('${name}')`,
    ).all([]);
    for (const column of columns) {
      assert.match(
        String(column.type),
        /^(text|bigint|integer)$/i,
        `${name}.${column.name}`,
      );
    }
  }
  await store.close();
});

test("MIGRATIONS are applied in the order of their names", () => {
  const names = Object.keys(MIGRATIONS);
  assert.deepEqual(names, [...names].sort());
  for (const name of names) assert.match(name, /^\d{4}_[a-z_]+$/);
});
