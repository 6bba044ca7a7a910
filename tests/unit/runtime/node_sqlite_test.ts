import assert from "node:assert/strict";
import type { TunnelError } from "../../../lib/base/errors.ts";
import { openSqlite } from "../../../lib/runtime/node_sqlite.ts";
import { test } from "../../harness.ts";

test("openSqlite() keeps text, numbers, bytes and null as they are", async () => {
  const database = await openSqlite(":memory:");
  database.exec("create table t (a text, b integer, c blob, d text)");
  const insert = database.prepare("insert into t values (?, ?, ?, ?)");
  assert.equal(insert.reader, false);
  assert.deepEqual(insert.run(["ä", 2 ** 40, Uint8Array.of(0, 255), null]), { changes: 1 });
  const select = database.prepare("select * from t");
  assert.equal(select.reader, true);
  const [row] = select.all([]);
  assert.deepEqual([row.a, row.b, [...row.c as Uint8Array], row.d], ["ä", 2 ** 40, [0, 255], null]);
  database.close();
  database.close();
});

test("openSqlite() names the file it cannot open", async () => {
  await assert.rejects(openSqlite("/nowhere/at/all.db"), (error: TunnelError) => {
    assert.match(error.message, /\/nowhere\/at\/all\.db/);
    return error.name === "TunnelError";
  });
});

test("openSqlite() says what keeps a statement from being done", async () => {
  const database = await openSqlite(":memory:");
  database.exec(
    "create table t (a text unique); insert into t values ('x'); pragma query_only = 1",
  );
  assert.throws(() => database.prepare("insert into t values ('y')").run([]), {
    code: "permission_denied",
    message: 'Cannot use the database ":memory:": it cannot be written to',
  });
  database.exec("pragma query_only = 0");
  // What is wrong with the statement is for who wrote it.
  assert.throws(() => database.prepare("insert into t values ('x')").run([]), /UNIQUE/);
  database.close();
});
