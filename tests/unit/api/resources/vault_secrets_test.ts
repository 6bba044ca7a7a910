import assert from "node:assert/strict";
import { newId } from "../../../../lib/base/ids.ts";
import { test } from "../../../harness.ts";
import { BASE, withApi } from "../kit.ts";
import { assertRefused, journey } from "./journey.ts";

const path = "/vault_secrets";

test("vault_secrets: created, read, listed, changed, deleted", async () => {
  await withApi(async (stage) => {
    const vault = await stage.caller.make("/vaults", { name: "v" });
    const owner = { id: `usr_${stage.caller.accountId.slice(3)}`, uri: "" };
    await journey(stage, {
      path,
      prefix: "secret",
      listKey: "secrets",
      event: "secret",
      create: { name: "db-password", value: "open sesame", vault_id: vault.id },
      created: {
        name: "db-password",
        value: undefined,
        vault: { id: vault.id, uri: `${BASE}/vaults/${vault.id}` },
        vault_name: "v",
        created_by: owner,
        last_updated_by: owner,
      },
      update: { name: "db", value: "open barley" },
      updated: { name: "db", value: undefined },
    });
  });
});

test("vault_secrets: the value is sealed for its own row, and nowhere else", async () => {
  await withApi(async ({ caller, store, sealer, events, database }) => {
    await caller.make("/vaults", { name: "v" });
    const value = "öpen sesame 7391";
    const made = await caller.make(path, { name: "s", value, vault_name: "v" });
    const sealed = async () => (await store.secrets.get(caller.accountId, made.id))!.value_sealed;
    assert.equal(await sealer.open(await sealed(), `secrets/${made.id}`), value);
    await caller.patch(`${path}/${made.id}`, { description: "d" });
    assert.equal(await sealer.open(await sealed(), `secrets/${made.id}`), value);
    await caller.patch(`${path}/${made.id}`, { value: "other 7391" });
    assert.equal(await sealer.open(await sealed(), `secrets/${made.id}`), "other 7391");
    const dump = ["secrets", "audit_events"].map((name) =>
      database.prepare(`select * from ${name}`).all([])
    );
    assert.ok(!JSON.stringify([dump, events]).includes("7391"));
  });
});

test("vault_secrets: refuses what it must, with its numbers", async () => {
  await withApi(async ({ caller, stranger }) => {
    const { id: vault_id } = await caller.make("/vaults", { name: "v" });
    const theirs = await (await stranger()).make("/vaults", { name: "w" });
    const body = { name: "s", value: "x", vault_id };
    const { id } = await caller.make(path, body);
    await caller.make(path, { ...body, name: "t" });
    const post = (what: string, more: object, code: number, status = 400) =>
      [what, "POST", path, { ...body, name: "u", ...more }, code, status] as const;
    await assertRefused(caller, [
      post("character", { name: "a b" }, 24000),
      post("no name", { name: undefined }, 24001),
      post("empty name", { name: "" }, 24001),
      post("long name", { name: "x".repeat(256) }, 24002),
      post("no value", { value: undefined }, 24003),
      post("empty value", { value: "" }, 24003),
      post("long value", { value: "x".repeat(16_384) }, 24004),
      post("taken", { name: "s" }, 24005, 409),
      post("no such vault", { vault_id: newId("vault", 1) }, 24006, 404),
      post("another's vault", { vault_id: theirs.id }, 24006, 404),
      post("no vault", { vault_id: undefined }, 24008),
      post("no such name", { vault_id: undefined, vault_name: "w" }, 24009, 404),
      post("two vaults", { vault_name: "other" }, 215),
      ["taken", "PATCH", `${path}/${id}`, { name: "t" }, 24005, 409],
      ["empty value", "PATCH", `${path}/${id}`, { value: "" }, 24003, 400],
      ["vault in update", "PATCH", `${path}/${id}`, { vault_id }, 214, 400],
    ]);
  });
  await withApi(async ({ caller }) => {
    const { id: vault_id } = await caller.make("/vaults", { name: "v" });
    await caller.make(path, { name: "a", value: "x", vault_id });
    const body = { name: "b", value: "x", vault_id };
    await assertRefused(caller, [["one too many", "POST", path, body, 24007, 400]]);
  }, { limits: { maxObjects: 1 } });
});
