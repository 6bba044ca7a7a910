import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { BASE, withApi } from "../kit.ts";
import { assertRefused, journey } from "./journey.ts";

test("ip_restrictions: created, read, listed, changed, deleted", async () => {
  await withApi(async (stage) => {
    const [a, b] = [
      await stage.caller.make("/ip_policies", {}),
      await stage.caller.make("/ip_policies", {}),
    ];
    const refOf = (id: string) => ({ id, uri: `${BASE}/ip_policies/${id}` });
    await journey(stage, {
      path: "/ip_restrictions",
      prefix: "ipx",
      event: "ip_restriction",
      create: { type: "dashboard", ip_policy_ids: [a.id] },
      created: { type: "dashboard", enforced: false, ip_policies: [refOf(a.id)] },
      update: { enforced: true, ip_policy_ids: [a.id, b.id, a.id] },
      updated: { enforced: true, ip_policies: [refOf(a.id), refOf(b.id)] },
    });
  });
});

test("ip_restrictions: refuses what it must, with its numbers", async () => {
  await withApi(async ({ caller, stranger }) => {
    const path = "/ip_restrictions";
    const { id } = await caller.make("/ip_policies", {});
    const theirs = await (await stranger()).make("/ip_policies", {});
    const body = { type: "agent", ip_policy_ids: [id] };
    const made = await caller.make(path, body);
    await assertRefused(caller, [
      ["a second one", "POST", path, body, 1802, 409],
      ["no such type", "POST", path, { ...body, type: "door" }, 1803, 400],
      ["no type", "POST", path, { ip_policy_ids: [id] }, 1803, 400],
      ["no policies", "POST", path, { type: "api", ip_policy_ids: [] }, 1804, 400],
      ["policies left out", "POST", path, { type: "api" }, 1804, 400],
      ["policies emptied", "PATCH", `${path}/${made.id}`, { ip_policy_ids: [] }, 1804, 400],
      ["not there", "POST", path, { type: "api", ip_policy_ids: ["ipp_1"] }, 1801, 400],
      ["another's", "POST", path, { type: "api", ip_policy_ids: [theirs.id] }, 1801, 400],
      ["another's", "PATCH", `${path}/${made.id}`, { ip_policy_ids: [theirs.id] }, 1801, 400],
      ["type in update", "PATCH", `${path}/${made.id}`, { type: "api" }, 214, 400],
      ["no flag", "POST", path, { ...body, enforced: "yes" }, 215, 400],
    ]);
    const same = await caller.patch(`${path}/${made.id}`, {});
    assert.deepEqual([same.status, same.body], [200, made]);
  });
  await withApi(async ({ caller }) => {
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push((await caller.make("/ip_policies", {})).id);
    const body = { type: "agent", ip_policy_ids: ids };
    await assertRefused(caller, [["too many", "POST", "/ip_restrictions", body, 1800, 400]]);
  }, { limits: { maxRules: 2 } });
});
