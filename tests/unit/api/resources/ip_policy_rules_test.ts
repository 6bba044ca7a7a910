import assert from "node:assert/strict";
import { newId } from "../../../../lib/base/ids.ts";
import { test } from "../../../harness.ts";
import { BASE, withApi } from "../kit.ts";
import { assertRefused, journey } from "./journey.ts";

test("ip_policy_rules: created, read, listed, changed, deleted", async () => {
  await withApi(async (stage) => {
    const { id } = await stage.caller.make("/ip_policies", {});
    await journey(stage, {
      path: "/ip_policy_rules",
      prefix: "ipr",
      event: "ip_policy_rule",
      create: { cidr: "2001:DB8:0::/32", ip_policy_id: id, action: "deny", description: "d" },
      created: {
        cidr: "2001:db8::/32",
        action: "deny",
        ip_policy: { id, uri: `${BASE}/ip_policies/${id}` },
      },
      update: { cidr: "192.0.2.0/24" },
      updated: { cidr: "192.0.2.0/24", action: "deny", description: "d" },
    });
  });
});

test("ip_policy_rules: refuses what it must, with its numbers", async () => {
  await withApi(async ({ caller, stranger }) => {
    const { id } = await caller.make("/ip_policies", {});
    const theirs = await (await stranger()).make("/ip_policies", {});
    const rule = { cidr: "192.0.2.0/24", ip_policy_id: id, action: "allow" };
    const { id: first } = await caller.make("/ip_policy_rules", rule);
    const { id: second } = await caller.make("/ip_policy_rules", { ...rule, cidr: "::/0" });
    const path = "/ip_policy_rules";
    await assertRefused(caller, [
      ["no cidr", "POST", path, { ...rule, cidr: undefined }, 1405, 400],
      ["no policy", "POST", path, { ...rule, ip_policy_id: undefined }, 1405, 400],
      ["no action", "POST", path, { ...rule, action: undefined }, 1422, 400],
      ["wrong action", "POST", path, { ...rule, action: "maybe" }, 1422, 400],
      ["no range", "POST", path, { ...rule, cidr: "192.0.2.256/24" }, 1406, 400],
      ["too long a prefix", "POST", path, { ...rule, cidr: "192.0.2.0/33" }, 1406, 400],
      ["no prefix", "POST", path, { ...rule, cidr: "192.0.2.0" }, 1413, 400],
      ["not the lowest", "POST", path, { ...rule, cidr: "192.0.2.1/24" }, 1409, 400],
      ["there already", "POST", path, rule, 1408, 409],
      ["changed to one that is there", "PATCH", `${path}/${first}`, { cidr: "::/0" }, 1408, 409],
      ["another kind of id", "POST", path, { ...rule, ip_policy_id: "rd_1" }, 229, 400],
      ["no such policy", "POST", path, { ...rule, ip_policy_id: newId("ipp", 1) }, 1402, 404],
      ["another's policy", "POST", path, { ...rule, ip_policy_id: theirs.id }, 1402, 404],
      ["empty update", "PATCH", `${path}/${first}`, {}, 1401, 400],
      ["action in update", "PATCH", `${path}/${first}`, { action: "deny" }, 214, 400],
      [
        "long description",
        "PATCH",
        `${path}/${first}`,
        { description: "x".repeat(256) },
        1421,
        400,
      ],
    ]);
    await caller.make("/ip_restrictions", { type: "dashboard", ip_policy_ids: [id] });
    assert.equal((await caller.delete(`${path}/${second}`)).status, 204);
    await assertRefused(caller, [
      ["the last of a guard", "DELETE", `${path}/${first}`, undefined, 1419, 409],
    ]);
  });
  await withApi(async ({ caller }) => {
    const { id } = await caller.make("/ip_policies", {});
    const rule = { cidr: "192.0.2.0/24", ip_policy_id: id, action: "allow" };
    await caller.make("/ip_policy_rules", rule);
    const other = { ...rule, cidr: "::/0" };
    await assertRefused(caller, [["too many", "POST", "/ip_policy_rules", other, 1411, 400]]);
  }, { limits: { maxRules: 1 } });
});
