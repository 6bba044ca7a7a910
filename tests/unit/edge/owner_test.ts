/** @module */
import assert from "node:assert/strict";
import { ensureOwner, type OwnerOptions } from "../../../lib/edge/owner.ts";
import type { Store } from "../../../lib/store/store.ts";
import { tokenKeys } from "../../../lib/store/tokens.ts";
import { test } from "../../harness.ts";
import { addAccount, authtoken, withStore } from "../store/rows.ts";

let nowMs = 1_700_000_000_000;

/** The next start of the edge. */
function start(store: Store, more: Partial<OwnerOptions> = {}) {
  return ensureOwner(store, { nowMs: nowMs += 1_000, ...more });
}

/** Whether a secret is accepted, refused as revoked, or not known. */
async function stateOf(
  store: Store,
  table: "authtokens" | "api_keys",
  secret: string,
): Promise<"good" | "revoked" | "unknown"> {
  const { lookup, sha256 } = await tokenKeys(secret);
  const rows = await store[table].findAnyOf("lookup", [lookup, sha256.slice(0, 27)]);
  const row = rows.find((one) => one.token_sha256 === sha256);
  return row ? (row.revoked_at === null ? "good" : "revoked") : "unknown";
}

test("ensureOwner() makes an account, an authtoken and an API key once, and tells them once", () =>
  withStore(async (store) => {
    const first = await start(store);
    const [account] = await store.accounts.list();
    assert.deepEqual([account.id, account.name, account.suspended], [
      first.accountId,
      "owner",
      false,
    ]);
    assert.match(first.newAuthtoken!, /^[0-9A-Za-z]{27}_[0-9A-Za-z]{24}$/);
    assert.match(first.newApiKey!, /^[0-9A-Za-z]{27}_[0-9A-Za-z]{24}$/);
    const [token] = await store.authtokens.list(first.accountId);
    const [key] = await store.api_keys.list(first.accountId);
    // The id is the first part of the token (spec rest-api A19).
    assert.equal(token.id, `cr_${first.newAuthtoken!.split("_")[0]}`);
    assert.equal(key.id, `ak_${first.newApiKey!.split("_")[0]}`);
    assert.deepEqual([token.acl, token.owner_id], [[], null]);

    assert.deepEqual(await start(store), {
      accountId: first.accountId,
      newAuthtoken: undefined,
      newApiKey: undefined,
    });
    assert.equal(await stateOf(store, "authtokens", first.newAuthtoken!), "good");
    assert.equal(await stateOf(store, "api_keys", first.newApiKey!), "good");
  }));

test("ensureOwner() puts a preset secret in the place of the one before, which is revoked", () =>
  withStore(async (store) => {
    const { accountId, newAuthtoken, newApiKey } = await start(store);
    const made = { ...authtoken(accountId), ...await keysOf("made-through_the-api") };
    await store.authtokens.insert(made);

    const second = await start(store, { authtoken: "preset-one" });
    assert.deepEqual(second, { accountId, newAuthtoken: undefined, newApiKey: undefined });
    assert.equal(await stateOf(store, "authtokens", newAuthtoken!), "revoked");
    assert.equal(await stateOf(store, "authtokens", "preset-one"), "good");

    await start(store, { authtoken: "preset-two", apiKey: "key-two" });
    assert.equal(await stateOf(store, "authtokens", "preset-one"), "revoked");
    assert.equal(await stateOf(store, "authtokens", "preset-two"), "good");
    assert.equal(await stateOf(store, "api_keys", newApiKey!), "revoked");
    assert.equal(await stateOf(store, "api_keys", "key-two"), "good");

    // The same again changes nothing, and neither does a start without.
    await start(store, { authtoken: "preset-two", apiKey: "key-two" });
    await start(store);
    assert.equal(await stateOf(store, "authtokens", "preset-two"), "good");
    assert.equal((await store.authtokens.list(accountId)).length, 4);

    // One that was replaced comes back.
    await start(store, { authtoken: "preset-one" });
    assert.equal(await stateOf(store, "authtokens", "preset-one"), "good");
    assert.equal(await stateOf(store, "authtokens", "preset-two"), "revoked");
    assert.equal(await stateOf(store, "authtokens", "made-through_the-api"), "good");
  }));

async function keysOf(token: string): Promise<{ lookup: string; token_sha256: string }> {
  const { lookup, sha256 } = await tokenKeys(token);
  return { lookup, token_sha256: sha256 };
}

test("ensureOwner() makes no secret that was preset at the first start", () =>
  withStore(async (store) => {
    const owner = await start(store, { authtoken: "my-token", apiKey: "my-key" });
    assert.deepEqual([owner.newAuthtoken, owner.newApiKey], [undefined, undefined]);
    assert.equal(await stateOf(store, "authtokens", "my-token"), "good");
    assert.equal(await stateOf(store, "api_keys", "my-key"), "good");
    assert.equal((await store.authtokens.list(owner.accountId)).length, 1);
  }));

test("ensureOwner() keeps a secret that was revoked through the API revoked", () =>
  withStore(async (store) => {
    const { accountId, newAuthtoken } = await start(store);
    const [row] = await store.authtokens.list(accountId);
    await store.authtokens.update(accountId, row.id, { revoked_at: 1 });
    assert.equal((await start(store)).newAuthtoken, undefined);
    assert.equal(await stateOf(store, "authtokens", newAuthtoken!), "revoked");
  }));

test("ensureOwner() takes account and token over from before the database", () =>
  withStore(async (store) => {
    const token = "2aBcDeFgHiJkLmNoPqRsTuVwXyZ_0123456789abcdefghijklmn";
    const { sha256 } = await tokenKeys(token);
    const legacy = {
      accountId: "ac_old",
      tokenId: "cr_2aBcDeFgHiJkLmNoPqRsTuVwXyZ",
      tokenSha256: sha256,
    };
    const owner = await start(store, { legacy });
    assert.equal(owner.accountId, "ac_old");
    assert.equal(owner.newAuthtoken, undefined);
    assert.ok(owner.newApiKey);
    assert.equal(await stateOf(store, "authtokens", token), "good");
    assert.equal((await store.authtokens.list("ac_old"))[0].id, legacy.tokenId);
  }));

test("ensureOwner() takes over a token that was chosen, and knows it when it is chosen again", () =>
  withStore(async (store) => {
    for (const token of ["ownertoken_0123456789", "owner_token_of_this_test", "plain"]) {
      const { sha256 } = await tokenKeys(token);
      const legacy = { accountId: "ac_old", tokenId: "cr_ownertoken", tokenSha256: sha256 };
      const { accountId } = await start(store, { legacy, authtoken: token });
      assert.equal(await stateOf(store, "authtokens", token), "good");
      assert.equal(accountId, "ac_old");
    }
  }));

test("ensureOwner() refuses secrets that it cannot use, and never repeats them", () =>
  withStore(async (store) => {
    const other = await addAccount(store);
    await store.authtokens.insert({ ...authtoken(other), ...await keysOf("taken-token") });
    await store.accounts.insert({ id: "ac_0", name: "first", created_at: 1, suspended: false });
    const bad: Partial<OwnerOptions>[] = [
      { authtoken: "" },
      { authtoken: "with blank" },
      { authtoken: "umlaut-ä" },
      { authtoken: "x".repeat(1025) },
      { apiKey: "line\nbreak" },
      { authtoken: "one-and-the-same", apiKey: "one-and-the-same" },
      { authtoken: "taken-token" },
    ];
    for (const more of bad) {
      await assert.rejects(start(store, more), (error: { code: string; message: string }) => {
        assert.equal(error.code, "config_invalid");
        for (const secret of Object.values(more)) {
          assert.ok(secret === "" || !error.message.includes(String(secret)), error.message);
        }
        return true;
      });
    }
    assert.equal((await store.authtokens.list("ac_0")).length, 0);
  }));
