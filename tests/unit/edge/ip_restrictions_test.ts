/** @module */
import assert from "node:assert/strict";
import { failedBy, loadRestrictions } from "../../../lib/edge/ip_restrictions.ts";
import type { Store } from "../../../lib/store/store.ts";
import { test } from "../../harness.ts";
import { addAccount, base, withStore } from "../store/rows.ts";

async function addPolicy(
  store: Store,
  account: string,
  rules: readonly (readonly [string, "allow" | "deny"])[],
): Promise<string> {
  const policy = base(account, "ipp");
  await store.ip_policies.insert(policy);
  for (const [cidr, action] of rules) {
    await store.ip_policy_rules.insert({
      ...base(account, "ipr"),
      ip_policy_id: policy.id,
      cidr,
      action,
    });
  }
  return policy.id;
}

test("loadRestrictions() finds the account's own, of type agent, with the rules of all their policies", () =>
  withStore(async (store) => {
    const [mine, other] = [await addAccount(store), await addAccount(store)];
    const one = await addPolicy(store, mine, [["192.0.2.0/24", "allow"]]);
    const two = await addPolicy(store, mine, [["192.0.2.9/32", "deny"]]);
    const theirs = await addPolicy(store, other, [["0.0.0.0/0", "deny"]]);
    const restrictions = [
      [mine, "agent", true, [one, two]],
      [mine, "agent", false, [one]],
      [mine, "api", true, [two]],
      [other, "agent", true, [theirs]],
    ] as const;
    for (const [account, type, enforced, ip_policy_ids] of restrictions) {
      await store.ip_restrictions.insert({
        ...base(account, "ipx"),
        type,
        enforced,
        ip_policy_ids,
      });
    }
    const found = await loadRestrictions(store, mine, "agent");
    assert.deepEqual(
      found.map(({ isEnforced, rules }) => [isEnforced, rules.map(({ cidr }) => cidr)]),
      [[false, ["192.0.2.0/24"]], [true, ["192.0.2.0/24", "192.0.2.9/32"]]],
    );
    assert.equal((await loadRestrictions(store, other, "agent")).length, 1);
  }));

test("loadRestrictions() finds more rules than fit on one page", () =>
  withStore(async (store) => {
    const account = await addAccount(store);
    const rules = Array.from({ length: 205 }, (_, i) => [`10.0.${i}.0/24`, "allow"] as const);
    const policy = await addPolicy(store, account, rules);
    await store.ip_restrictions.insert({
      ...base(account, "ipx"),
      type: "agent",
      enforced: true,
      ip_policy_ids: [policy],
    });
    const [found] = await loadRestrictions(store, account, "agent");
    assert.equal(new Set(found.rules.map(({ cidr }) => cidr)).size, 205);
  }));

test("failedBy() wants a rule that allows and none that denies, of every restriction", () => {
  const allow = (cidr: string) => ({ cidr, action: "allow" as const });
  const deny = (cidr: string) => ({ cidr, action: "deny" as const });
  const table: [ReturnType<typeof allow | typeof deny>[], string, boolean][] = [
    [[allow("192.0.2.0/24")], "192.0.2.7", true],
    [[allow("192.0.2.0/24")], "192.0.3.7", false],
    [[allow("192.0.2.0/24")], "::ffff:192.0.2.7", true],
    [[allow("192.0.2.0/24"), deny("192.0.2.7/32")], "192.0.2.7", false],
    [[allow("192.0.2.0/24"), deny("192.0.2.7/32")], "192.0.2.8", true],
    [[allow("2001:db8::/32")], "2001:db8:1::1", true],
    [[allow("2001:db8::/32")], "192.0.2.7", false],
    [[allow("fe80::/10")], "fe80::1%eth0", true],
    [[deny("203.0.113.0/24")], "192.0.2.7", false],
    [[], "192.0.2.7", false],
  ];
  for (const [rules, host, passes] of table) {
    const failed = failedBy([{ id: "ipx_1", isEnforced: true, rules }], host);
    assert.equal(failed.length === 0, passes, `${JSON.stringify(rules)} and ${host}`);
  }
  const [one, two] = [allow("192.0.2.0/24"), allow("192.0.2.0/25")].map((rule, i) => ({
    id: `ipx_${i}`,
    isEnforced: true,
    rules: [rule],
  }));
  assert.deepEqual(failedBy([one, two], "192.0.2.200"), [two]);
});
