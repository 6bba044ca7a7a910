import assert from "node:assert/strict";
import { main } from "../../../lib/cli/main.ts";
import { type MemoryRuntime, memoryRuntime } from "../../../lib/runtime/memory.ts";
import { sqliteDriver } from "../../../lib/store/driver.ts";
import { openStore } from "../../../lib/store/store.ts";
import { memorySqlite } from "../../fakes/sqlite.ts";
import { test } from "../../harness.ts";

/** A machine on which an edge has run: its database is found again by each command. */
async function machine() {
  const openSqlite = memorySqlite();
  const files = memoryRuntime().host.files;
  await files.makeDir("/data");
  await files.write("/data/sallyport.db", "");
  const store = await openStore(sqliteDriver(await openSqlite("/data/sallyport.db")));
  await store.accounts.insert({ id: "ac_1", name: "owner", created_at: 1, suspended: false });
  await store.close();
  return async (...args: string[]) => {
    const runtime: MemoryRuntime = memoryRuntime({
      openSqlite,
      host: { args: ["edge", ...args, "--data", "/data"] },
    });
    await runtime.host.files.makeDir("/data");
    await runtime.host.files.write("/data/sallyport.db", "");
    const code = await main(runtime);
    const { stdout, stderr } = runtime.host;
    return { code, json: stdout.text && JSON.parse(stdout.text), stderr: stderr.text };
  };
}

test("operate() makes, lists and revokes through the operations of the API", async () => {
  const run = await machine();
  const { json: made } = await run("token", "create", "--acl", "bind:a.localhost");
  assert.match(made.token, /^\w{52}$/);
  assert.deepEqual(made.acl, ["bind:a.localhost"]);
  const { json: list } = await run("token", "list");
  assert.deepEqual([list.length, list[0].id, list[0].token], [1, made.id, null]);
  assert.equal((await run("token", "revoke", made.id)).code, 0);
  assert.deepEqual((await run("token", "list")).json, []);
  assert.match((await run("token", "create", "--acl", "nonsense")).stderr, /ERR_NGROK_\d+\n$/);
});

test("operate() finds objects by the name people give them", async () => {
  const run = await machine();
  assert.equal((await run("domain", "add", "shop.localhost")).json.domain, "shop.localhost");
  assert.equal((await run("domain", "remove", "shop.localhost")).code, 0);
  assert.match((await run("domain", "remove", "shop.localhost")).stderr, /There is no "shop/);
  assert.equal((await run("user", "add", "ci")).json.active, true);
  assert.equal((await run("user", "deactivate", "ci")).json.active, false);
});

test("operate() keeps accounts apart", async () => {
  const run = await machine();
  const { json: second } = await run("account", "add", "second");
  assert.match(second.authtoken, /^\w{52}$/);
  assert.match((await run("account", "add", "second")).stderr, /there is one already/);
  assert.deepEqual((await run("token", "list")).json, []);
  assert.equal((await run("token", "list", "--account", "second")).json.length, 1);
  assert.equal((await run("account", "suspend", "second")).json.suspended, true);
  assert.equal((await run("account", "resume", "second")).json.suspended, false);
  assert.match((await run("key", "list", "--account", "third")).stderr, /no account "third"/);
});
