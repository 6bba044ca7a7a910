import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { BASE, withApi } from "../kit.ts";
import { assertRefused, journey } from "./journey.ts";

const path = "/vaults";

test("vaults: created, read, listed, changed, deleted", async () => {
  await withApi(async (stage) => {
    const owner = `usr_${stage.caller.accountId.slice(3)}`;
    await journey(stage, {
      path,
      prefix: "vault",
      event: "vault",
      create: { name: "prod-vault", description: "Production" },
      created: { name: "prod-vault", created_by: owner, last_updated_by: owner },
      update: { name: "prod/2_a.b" },
      updated: { name: "prod/2_a.b", description: "Production" },
    });
  });
});

test("vaults: say who changed them last, and when", async () => {
  await withApi(async ({ caller, withKey, clock }) => {
    const made = await caller.make(path, { name: "v" });
    const user = await caller.make("/service_users", { name: "ci" });
    await clock.advance(60_000);
    const changed = await (await withKey(user.id)).patch(`${path}/${made.id}`, { metadata: "m" });
    assert.equal(changed.body.created_by, made.created_by);
    assert.equal(changed.body.last_updated_by, user.id);
    assert.equal(changed.body.created_at, made.created_at);
    assert.ok(changed.body.updated_at > made.updated_at);
  });
});

test("vaults: list their secrets, in pages and filtered", async () => {
  await withApi(async ({ caller, stranger }) => {
    const [one, two] = [
      await caller.make(path, { name: "one" }),
      await caller.make(path, { name: "two" }),
    ];
    const ids: string[] = [];
    for (const name of ["a", "b", "c"]) {
      const body = { name, value: "x", vault_id: one.id };
      ids.unshift((await caller.make("/vault_secrets", body)).id);
    }
    await caller.make("/vault_secrets", { name: "d", value: "x", vault_id: two.id });
    const list = `${path}/${one.id}/secrets`;
    const first = (await caller.get(`${list}?limit=2`)).body;
    assert.deepEqual(first.secrets.map(({ id }: { id: string }) => id), ids.slice(0, 2));
    assert.equal(first.uri, `${BASE}${list}`);
    const next = new URL(first.next_page_uri);
    assert.equal(next.pathname, list);
    const second = (await caller.get(next.pathname + next.search)).body;
    assert.deepEqual(second.secrets.map(({ id }: { id: string }) => id), ids.slice(2));
    const filter = encodeURIComponent('obj.name == "b"');
    assert.equal((await caller.get(`${list}?filter=${filter}`)).body.secrets.length, 1);
    await assertRefused(await stranger(), [["another's", "GET", list, undefined, undefined, 404]]);
  });
});

test("vaults: refuses what it must, with its numbers", async () => {
  await withApi(async ({ caller, stranger }) => {
    await (await stranger()).make(path, { name: "theirs" });
    const { id } = await caller.make(path, { name: "mine" });
    await caller.make(path, { name: "theirs" });
    await caller.make("/vault_secrets", { name: "s", value: "x", vault_id: id });
    await assertRefused(caller, [
      ["character", "POST", path, { name: "a b" }, 23000, 400],
      ["no name", "POST", path, {}, 23001, 400],
      ["empty name", "POST", path, { name: "" }, 23001, 400],
      ["long name", "POST", path, { name: "x".repeat(256) }, 23002, 400],
      ["taken", "POST", path, { name: "mine" }, 23004, 409],
      ["taken", "PATCH", `${path}/${id}`, { name: "theirs" }, 23004, 409],
      ["not empty", "DELETE", `${path}/${id}`, undefined, 23003, 409],
    ]);
  });
  await withApi(async ({ caller }) => {
    await caller.make(path, { name: "a" });
    await assertRefused(caller, [["one too many", "POST", path, { name: "b" }, 23005, 400]]);
  }, { limits: { maxObjects: 1 } });
});
