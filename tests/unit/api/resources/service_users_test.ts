import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { assertProblem, withApi } from "../kit.ts";
import { assertRefused, journey } from "./journey.ts";

for (const [path, prefix] of [["/service_users", "service"], ["/bot_users", "bot"]]) {
  const name = path.slice(1);

  test(`${name}: created, read, listed, changed, deleted`, async () => {
    await withApi((stage) =>
      journey(stage, {
        path,
        prefix,
        event: name.slice(0, -1),
        create: { name: "deployments" },
        created: { name: "deployments", active: true },
        update: { active: false, name: "former" },
        updated: { active: false, name: "former" },
      })
    );
  });

  test(`${name}: an inactive one's key is refused, an active one's works and names it`, async () => {
    await withApi(async ({ caller, withKey, changes }) => {
      const user = await caller.make(path, { name: "ci" });
      const key = await withKey(user.id);
      assert.equal((await key.get("/self")).body.user, "ci");
      const vault = await key.make("/vaults", { name: "v" });
      assert.equal(vault.created_by, user.id);
      await caller.patch(`${path}/${user.id}`, { active: false });
      assertProblem(await key.get("/self"), 636, 403);
      assert.deepEqual(changes.at(-1), {
        resource: name,
        verb: "updated",
        accountId: caller.accountId,
        id: user.id,
      });
      await caller.patch(`${path}/${user.id}`, { active: true });
      assert.equal((await key.get("/self")).status, 200);
    });
  });

  test(`${name}: a deleted one takes its credentials along`, async () => {
    await withApi(async ({ caller, withKey, changes, store }) => {
      const user = await caller.make(path, { name: "ci" });
      const key = await withKey(user.id);
      const token = await caller.make("/credentials", { owner_id: user.id });
      const mine = await caller.make("/credentials", {});
      await caller.delete(`${path}/${user.id}`);
      assertProblem(await key.get("/self"), 203, 401);
      assertProblem(await caller.get(`/credentials/${token.id}`), undefined, 404);
      assert.notEqual((await store.authtokens.get(caller.accountId, token.id))?.revoked_at, null);
      assert.equal((await caller.get(`/credentials/${mine.id}`)).status, 200);
      const gone = changes.filter(({ verb }) => verb === "deleted").map(({ resource }) => resource);
      assert.deepEqual(gone, ["credentials", "api_keys", name]);
    });
  });

  test(`${name}: refuses what it must, with its numbers`, async () => {
    await withApi(async ({ caller, stranger }) => {
      await caller.make(path, { name: "a" });
      const { id } = await caller.make(path, { name: "b" });
      await (await stranger()).make(path, { name: "c" });
      await assertRefused(caller, [
        ["no name", "POST", path, {}, 4109, 400],
        ["empty name", "POST", path, { name: " " }, 4109, 400],
        ["long name", "POST", path, { name: "x".repeat(256) }, 4110, 400],
        ["taken", "POST", path, { name: "a" }, 4112, 409],
        ["taken", "PATCH", `${path}/${id}`, { name: "a" }, 4112, 409],
        ["no flag", "PATCH", `${path}/${id}`, { active: 1 }, 215, 400],
      ]);
      assert.equal((await caller.patch(`${path}/${id}`, { name: "b" })).status, 200);
      await caller.make(path, { name: "c" });
    });
  });
}
