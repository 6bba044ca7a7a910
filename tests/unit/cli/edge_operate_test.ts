import assert from "node:assert/strict";
import { main } from "../../../lib/cli/main.ts";
import { type MemoryRuntime, memoryRuntime } from "../../../lib/runtime/memory.ts";
import { sqliteDriver } from "../../../lib/store/driver.ts";
import { openStore, type Store } from "../../../lib/store/store.ts";
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
  const run = async (...args: string[]) => {
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
  /** Works on the database itself. */
  const inStore = async <T>(work: (store: Store) => Promise<T>): Promise<T> => {
    const store = await openStore(sqliteDriver(await openSqlite("/data/sallyport.db")));
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  };
  return Object.assign(run, { inStore });
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

test("operate() leaves an entry in the audit trail for everything it changes", async () => {
  const run = await machine();
  const { json: made } = await run("token", "create");
  await run("token", "revoke", made.id);
  await run("key", "create");
  await run("user", "add", "ci");
  await run("domain", "add", "shop.localhost");
  const { json: second } = await run("account", "add", "second");
  await run("account", "suspend", "second");
  const trail = (account: string) =>
    run.inStore(async (store) => (await store.audit_events.list(account)).reverse());
  assert.deepEqual((await trail("ac_1")).map(({ type }) => type), [
    "tunnel_credential_created.v0",
    "tunnel_credential_deleted.v0",
    "api_key_created.v0",
    "service_user_created.v0",
    "domain_created.v0",
  ]);
  const ofSecond = await trail(second.id);
  assert.deepEqual(ofSecond.map(({ type }) => type), [
    "account_created.v0",
    "tunnel_credential_created.v0",
    "api_key_created.v0",
    "account_updated.v0",
  ]);
  assert.equal(ofSecond[3].object.suspended, true);
  assert.ok(!JSON.stringify(ofSecond).includes(second.authtoken));
  assert.deepEqual(ofSecond[0].principal, {
    id: `usr_${second.id.slice("ac_".length)}`,
    subject: "second",
    source: "Command line",
    credential: { id: "", uri: "" },
  });
});

test("operate() revokes even the default authtoken, which the API keeps", async () => {
  const run = await machine();
  const { json: made } = await run("token", "create");
  await run.inStore((store) => store.settings.set("owner_authtoken", made.id));
  assert.equal((await run("token", "revoke", made.id)).code, 0);
  assert.deepEqual((await run("token", "list")).json, []);
});
