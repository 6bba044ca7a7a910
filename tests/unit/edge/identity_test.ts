/** @module */
import assert from "node:assert/strict";
import { systemClock } from "../../../lib/base/clock.ts";
import type { TunnelError } from "../../../lib/base/errors.ts";
import { type IdentityOptions, openIdentity } from "../../../lib/edge/identity.ts";
import { tokenKeys } from "../../../lib/store/tokens.ts";
import { MemoryFiles } from "../../fakes/files.ts";
import { memorySqlite } from "../../fakes/sqlite.ts";
import { test } from "../../harness.ts";

async function open(files: MemoryFiles, more: Partial<IdentityOptions> = {}) {
  const identity = await openIdentity({
    files,
    openSqlite: memorySqlite(files),
    clock: systemClock,
    dataDir: "/data",
    authtoken: undefined,
    apiKey: undefined,
    masterKey: undefined,
    ...more,
  });
  try {
    return { ...identity, ...await identity.settleOwner() };
  } catch (thrown) {
    await identity.store.close();
    throw thrown;
  }
}

test("openIdentity() finds at the second start what it made at the first", async () => {
  const files = new MemoryFiles();
  const first = await open(files);
  const sealed = await first.sealer.seal("hush", "secrets/1");
  await first.store.close();
  assert.deepEqual([...files.contents.keys()], ["/data/master.key"]);
  assert.equal(files.modes.get("/data/master.key"), 0o600);
  const second = await open(files);
  assert.equal(second.accountId, first.accountId);
  assert.equal(second.newAuthtoken, undefined);
  assert.equal(await second.sealer.open(sealed, "secrets/1"), "hush");
  assert.ok(!files.everything().includes(first.newAuthtoken!));
  await second.store.close();
});

test("openIdentity() seals with the key it is given, and then writes none", async () => {
  const files = new MemoryFiles();
  const masterKey = "ab".repeat(32);
  const first = await open(files, { masterKey });
  const sealed = await first.sealer.seal("hush", "secrets/1");
  await first.store.close();
  assert.equal(files.contents.size, 0);
  const other = await open(files, { masterKey: "cd".repeat(32) });
  await assert.rejects(other.sealer.open(sealed, "secrets/1"));
  await other.store.close();
  await assert.rejects(
    open(files, { masterKey: "short" }),
    (error: TunnelError) => error.code === "config_invalid",
  );
});

test("openIdentity() needs no folder, and then keeps nothing", async () => {
  const files = new MemoryFiles();
  const first = await open(files, { dataDir: undefined });
  const second = await open(files, { dataDir: undefined });
  assert.notEqual(first.accountId, second.accountId);
  assert.ok(first.newAuthtoken && second.newAuthtoken);
  assert.equal(await second.sealer.open(await second.sealer.seal("a", "b"), "b"), "a");
  assert.equal(files.contents.size, 0);
  await first.store.close();
  await second.store.close();
});

test("openIdentity() takes the owner of an older data folder over, once", async () => {
  const files = new MemoryFiles();
  const token = "2aBcDeFgHiJkLmNoPqRsTuVwXyZ_0123456789abcdefghijklmn";
  const { sha256, lookup } = await tokenKeys(token);
  const owner = {
    accountId: "ac_old",
    tokenId: `cr_${lookup}`,
    tokenSha256: sha256,
    usualShape: true,
  };
  await files.write("/data/owner.json", JSON.stringify(owner));
  const first = await open(files);
  assert.equal(first.accountId, "ac_old");
  assert.equal(first.newAuthtoken, undefined);
  assert.ok(first.newApiKey);
  assert.equal((await first.store.authtokens.findAnywhere({ lookup }))[0].token_sha256, sha256);
  assert.equal(files.contents.has("/data/owner.json"), false);
  await first.store.close();
  // A file that came back, from a backup say, changes nothing any more.
  await files.write("/data/owner.json", JSON.stringify({ ...owner, accountId: "ac_older" }));
  const second = await open(files);
  assert.equal(second.accountId, "ac_old");
  assert.equal(files.contents.has("/data/owner.json"), false);
  await second.store.close();
});

test("openIdentity() refuses a damaged owner rather than make a new one", async () => {
  for (const text of ["{", "{}", '{"accountId":"a","tokenId":"b","tokenSha256":"short"}']) {
    const files = new MemoryFiles();
    await files.write("/data/owner.json", text);
    await assert.rejects(
      open(files),
      (error: TunnelError) => error.code === "config_invalid" && /damaged/.test(error.message),
    );
    assert.equal(await files.readText("/data/owner.json"), text);
  }
});

test("openIdentity() makes no secret before it is asked to: a start may still fail", async () => {
  const files = new MemoryFiles();
  const options: IdentityOptions = {
    files,
    openSqlite: memorySqlite(files),
    clock: systemClock,
    dataDir: "/data",
    authtoken: undefined,
    apiKey: undefined,
    masterKey: undefined,
  };
  const failed = await openIdentity(options);
  assert.equal(await failed.store.accounts.count(), 0);
  await failed.store.close();
  const second = await open(files);
  assert.ok(second.newAuthtoken && second.newApiKey);
  await second.store.close();
});
