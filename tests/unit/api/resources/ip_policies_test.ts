import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { withApi } from "../kit.ts";
import { assertRefused, journey, longTexts } from "./journey.ts";

test("ip_policies: created, read, listed, changed, deleted", async () => {
  await withApi((stage) =>
    journey(stage, {
      path: "/ip_policies",
      prefix: "ipp",
      event: "ip_policy",
      create: { description: "the office" },
      created: { description: "the office", metadata: undefined },
      update: { metadata: "m", description: "" },
      updated: { description: undefined, metadata: "m" },
    })
  );
});

test("ip_policies: refuses what it must, with its numbers", async () => {
  await withApi(async ({ caller }) => {
    const { id } = await caller.make("/ip_policies", {});
    await caller.make("/ip_restrictions", { type: "agent", ip_policy_ids: [id] });
    await assertRefused(caller, [
      ["empty update", "PATCH", `/ip_policies/${id}`, {}, 1400, 400],
      ["in use", "DELETE", `/ip_policies/${id}`, undefined, 1420, 409],
      ...longTexts("/ip_policies", {}, 215, 215),
    ]);
  });
  await withApi(async ({ caller }) => {
    await caller.make("/ip_policies", {});
    await assertRefused(caller, [["one too many", "POST", "/ip_policies", {}, 1410, 400]]);
  }, { limits: { maxObjects: 1 } });
});

test("ip_policies: deleting one takes its rules along, and says so", async () => {
  await withApi(async ({ caller, events, changes }) => {
    const policy = await caller.make("/ip_policies", {});
    const other = await caller.make("/ip_policies", {});
    const rules: { readonly id: string }[] = [];
    for (const ip_policy_id of [policy.id, policy.id, other.id]) {
      const cidr = `192.0.2.${rules.length}/32`;
      const body = { cidr, ip_policy_id, action: "allow" };
      rules.push(await caller.make("/ip_policy_rules", body));
    }
    await caller.delete(`/ip_policies/${policy.id}`);
    const left = (await caller.get("/ip_policy_rules")).body.ip_policy_rules;
    assert.deepEqual(left.map(({ id }: { id: string }) => id), [rules[2].id]);
    const deleted = events.filter(({ event_type: type }) => type === "ip_policy_rule_deleted.v0");
    assert.deepEqual(deleted.map(({ object }) => object.id).sort(), [rules[0].id, rules[1].id]);
    assert.equal(changes.filter(({ verb }) => verb === "deleted").length, 3);
  });
});
