import assert from "node:assert/strict";
import { newToken } from "../../../../lib/api/resources/credentials.ts";
import { tokenKeys } from "../../../../lib/store/tokens.ts";
import { test } from "../../../harness.ts";
import { assertProblem, withApi } from "../kit.ts";
import { assertRefused, journey, longTexts } from "./journey.ts";

test("S38 credentials: created, read, listed, changed, deleted", async () => {
  await withApi(async (stage) => {
    const { accountId } = stage.caller;
    await journey(stage, {
      path: "/credentials",
      prefix: "cr",
      event: "tunnel_credential",
      create: { description: "ci", acl: ["bind:*.ci.example.com"] },
      created: {
        description: "ci",
        acl: ["bind:*.ci.example.com"],
        owner_id: `usr_${accountId.slice(3)}`,
      },
      update: { acl: [] },
      updated: { acl: [], description: "ci" },
      revealed: ["token"],
    });
  });
});

test("S35 S38 S39 credentials: the token begins with the id, is told once, and only its hash is kept", async () => {
  await withApi(async ({ caller, store, database }) => {
    const made = await caller.make("/credentials", {});
    assert.match(made.token, new RegExp(`^${made.id.slice(3)}_[0-9A-Za-z]{24}$`));
    const { sha256, lookup } = await tokenKeys(made.token);
    const row = (await store.authtokens.get(caller.accountId, made.id))!;
    assert.deepEqual([row.token_sha256, row.lookup], [sha256, lookup]);
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all([]);
    const secret = made.token.split("_")[1];
    for (const { name } of tables) {
      const rows = database.prepare(`select * from "${name}"`).all([]);
      assert.ok(!JSON.stringify(rows).includes(secret), String(name));
    }
  });
});

test("credentials: a deleted one leaves a tombstone that no list shows", async () => {
  await withApi(async ({ caller, store, clock }) => {
    const made = await caller.make("/credentials", {});
    await clock.advance(5_000);
    await caller.delete(`/credentials/${made.id}`);
    const row = (await store.authtokens.get(caller.accountId, made.id))!;
    assert.equal(row.revoked_at, clock.now());
    assert.deepEqual((await caller.get("/credentials")).body.credentials, []);
  });
});

test("credentials: owners are users of the account", async () => {
  await withApi(async ({ caller, stranger }) => {
    const user = await caller.make("/service_users", { name: "ci" });
    const bot = await caller.make("/bot_users", { name: "old" });
    for (const { id } of [user, bot]) {
      const made = await caller.make("/credentials", { owner_id: id });
      assert.equal(made.owner_id, id);
      assert.equal((await caller.get(`/credentials/${made.id}`)).body.owner_id, id);
    }
    const theirs = await (await stranger()).make("/service_users", { name: "ci" });
    await assertRefused(caller, [
      ["nobody", "POST", "/credentials", { owner_id: "usr_1" }, 634, 400],
      ["another's", "POST", "/credentials", { owner_id: theirs.id }, 634, 400],
      ["owner in update", "PATCH", "/credentials/cr_1", { owner_id: user.id }, 214, 400],
    ]);
  });
});

test("credentials: refuses what it must, with its numbers", async () => {
  await withApi(async ({ caller }) => {
    const path = "/credentials";
    const { id } = await caller.make(path, {});
    const rules = ["bind:a.b", "bind:*.a.b", "bind:h.b:1", "bind:a=b", "bind:a=*", "bind:*", "*"];
    for (const rule of rules) {
      assert.deepEqual((await caller.patch(`${path}/${id}`, { acl: [rule] })).body.acl, [rule]);
    }
    const wrong = ["", "a.b", "bind:", "bind:a b", "allow:a.b", "bind:a.*.b"];
    await assertRefused(caller, [
      ...wrong.map((rule) =>
        [`rule "${rule}"`, "PATCH", `${path}/${id}`, { acl: ["bind:*", rule] }, 600, 400] as const
      ),
      ["rule of another type", "POST", path, { acl: [7] }, 600, 400],
      ["no list", "POST", path, { acl: "bind:*" }, 600, 400],
      ["empty update", "PATCH", `${path}/${id}`, {}, 606, 400],
      ["a token", "POST", path, { token: "t" }, 214, 400],
      ...longTexts(path, {}, 604, 605),
    ]);
  });
  await withApi(async ({ caller }) => {
    const { id } = await caller.make("/credentials", {});
    await assertRefused(caller, [["one too many", "POST", "/credentials", {}, 602, 400]]);
    await caller.delete(`/credentials/${id}`);
    await caller.make("/credentials", {});
  }, { limits: { maxObjects: 1 } });
});

test("newToken() begins with the KSUID of the object", async () => {
  const { token, lookup } = await newToken("cr_2aBcDeFgHiJkLmNoPqRsTuVwXyZ");
  assert.equal(lookup, "2aBcDeFgHiJkLmNoPqRsTuVwXyZ");
  assert.ok(token.startsWith(`${lookup}_`));
});

test("credentials: the default authtoken of the owner is not deleted, 601, nor by others, 637", async () => {
  await withApi(async ({ caller, store, withKey }) => {
    const { id } = await caller.make("/credentials", {});
    await store.settings.set("owner_authtoken", id);
    const refused = await caller.delete(`/credentials/${id}`);
    assertProblem(refused, 601, 409);
    assert.match(refused.body.msg, /default authtoken[^]*sallyport edge token revoke/);
    assert.equal((await caller.get(`/credentials/${id}`)).status, 200);
    const user = await caller.make("/service_users", { name: "ci" });
    const ci = await withKey(user.id);
    assertProblem(await ci.delete(`/credentials/${id}`), 637, 409);
    const { id: other } = await caller.make("/credentials", {});
    assert.equal((await caller.delete(`/credentials/${other}`)).status, 204);
  });
});
