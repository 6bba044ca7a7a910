import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "../../../lib/base/ids.ts";
import { openSqlite } from "../../../lib/runtime/node_sqlite.ts";
import { sqliteDriver } from "../../../lib/store/driver.ts";
import { openStore, type Store } from "../../../lib/store/store.ts";
import { test } from "../../harness.ts";
import { addAccount, authtoken, domain, withStore } from "./rows.ts";

test("openStore() makes the tables, and finds what was written when it is opened again", async () => {
  const dir = await mkdtemp(join(tmpdir(), "sallyport-store-"));
  try {
    const path = join(dir, "sallyport.db");
    const first = await openStore(sqliteDriver(await openSqlite(path)));
    const account = await addAccount(first);
    await first.reserved_domains.insert(domain(account, "a.example.com"));
    await first.close();
    await first.close();
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const second = await openStore(sqliteDriver(await openSqlite(path)));
    assert.deepEqual((await second.accounts.list()).map(({ id }) => id), [
      account,
    ]);
    assert.equal(
      (await second.reserved_domains.list(account))[0].domain,
      "a.example.com",
    );
    await second.close();
  } finally {
    await rm(dir, { recursive: true });
  }
});

test("Store.transaction() does all or nothing", async () => {
  await withStore(async (store) => {
    const account = await addAccount(store);
    await assert.rejects(
      store.transaction(async (content) => {
        await content.reserved_domains.insert(domain(account, "a.example.com"));
        throw new Error("no");
      }),
      /no/,
    );
    assert.equal(await store.reserved_domains.count(account), 0);
    await store.transaction((content) =>
      content.reserved_domains.insert(domain(account, "b.example.com"))
    );
    assert.equal(await store.reserved_domains.count(account), 1);
  });
});

test("Store.transaction() and other work at the same time do not disturb each other", async () => {
  await withStore(async (store) => {
    const account = await addAccount(store);
    await Promise.all(
      Array.from(
        { length: 20 },
        (_, i) =>
          i % 2 === 0
            ? store.transaction(async (content) => {
              const before = await content.reserved_domains.count(account);
              await content.reserved_domains.insert(
                domain(account, `t${i}.example.com`),
              );
              assert.equal(
                await content.reserved_domains.count(account),
                before + 1,
              );
            })
            : store.authtokens.insert(authtoken(account)),
      ),
    );
    assert.equal(await store.reserved_domains.count(account), 10);
    assert.equal(await store.authtokens.count(account), 10);
  });
});

test("Store.backupTo() copies a database that is in use", async () => {
  const dir = await mkdtemp(join(tmpdir(), "sallyport-store-"));
  let copy: Store | undefined;
  try {
    const store = await openStore(
      sqliteDriver(await openSqlite(join(dir, "a.db"))),
    );
    const account = await addAccount(store);
    await store.reserved_domains.insert(domain(account, "a.example.com"));
    await store.backupTo(join(dir, "b.db"));
    await store.reserved_domains.insert(domain(account, "later.example.com"));
    await store.close();
    copy = await openStore(sqliteDriver(await openSqlite(join(dir, "b.db"))));
    assert.deepEqual(
      (await copy.reserved_domains.list(account)).map((row) => row.domain),
      [
        "a.example.com",
      ],
    );
  } finally {
    await copy?.close();
    await rm(dir, { recursive: true });
  }
});

test("Accounts keeps a name and whether the account is suspended", async () => {
  await withStore(async (store) => {
    const id = newId("ac", 1);
    await store.accounts.insert({
      id,
      name: "First",
      created_at: 5,
      suspended: false,
    });
    await store.accounts.update(id, { suspended: true });
    assert.deepEqual(await store.accounts.get(id), {
      id,
      name: "First",
      created_at: 5,
      suspended: true,
    });
    assert.equal(await store.accounts.get("ac_other"), undefined);
  });
});

test("Settings.set() keeps the last value of each name", async () => {
  await withStore(async (store) => {
    assert.equal(await store.settings.get("a"), undefined);
    await store.settings.set("a", "1");
    await store.settings.set("b", "2");
    await store.settings.set("a", "3");
    assert.equal(await store.settings.get("a"), "3");
    assert.equal(await store.settings.get("b"), "2");
    await store.settings.set("a%", "4");
    await store.settings.set("a%/b", "5");
    assert.deepEqual(await store.settings.entries("a%"), [["a%", "4"], ["a%/b", "5"]]);
    await store.settings.remove("a%");
    await store.settings.remove("never there");
    assert.deepEqual(await store.settings.entries("a%"), [["a%/b", "5"]]);
  });
});

test("Accounts.count() counts all, suspended ones too", async () => {
  await withStore(async (store) => {
    assert.equal(await store.accounts.count(), 0);
    await addAccount(store);
    await store.accounts.update(await addAccount(store), { suspended: true });
    assert.equal(await store.accounts.count(), 2);
  });
});

test("Store.foreignVersion() changes when another process has written, and not when we have", async () => {
  const dir = await mkdtemp(join(tmpdir(), "sallyport-store-"));
  try {
    const path = join(dir, "sallyport.db");
    const ours = await openStore(sqliteDriver(await openSqlite(path)));
    const theirs = await openStore(sqliteDriver(await openSqlite(path)));
    const before = ours.foreignVersion();
    assert.equal(typeof before, "number");
    await ours.settings.set("a", "1");
    assert.equal(ours.foreignVersion(), before);
    await theirs.settings.set("a", "2");
    assert.notEqual(ours.foreignVersion(), before);
    assert.equal(await ours.settings.get("a"), "2");
    await theirs.close();
    await ours.close();
  } finally {
    await rm(dir, { recursive: true });
  }
});

test("Store.foreignVersion() is nobody's business where the database tells by itself", async () => {
  const { dialect } = sqliteDriver(await openSqlite(":memory:"));
  const store = await openStore({ dialect });
  assert.equal(store.foreignVersion(), undefined);
  await store.close();
});
