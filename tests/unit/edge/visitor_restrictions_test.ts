/** @module */
import assert from "node:assert/strict";
import { VisitorRestrictions } from "../../../lib/edge/visitor_restrictions.ts";
import type { Store } from "../../../lib/store/store.ts";
import { test } from "../../harness.ts";
import { addAccount, base, withStore } from "../store/rows.ts";

async function restrict(store: Store, account: string, cidr: string, enforced = true) {
  const policy = base(account, "ipp");
  await store.ip_policies.insert(policy);
  await store.ip_policy_rules.insert({
    ...base(account, "ipr"),
    ip_policy_id: policy.id,
    cidr,
    action: "allow",
  });
  const restriction = {
    ...base(account, "ipx"),
    type: "endpoints",
    enforced,
    ip_policy_ids: [policy.id],
  } as const;
  await store.ip_restrictions.insert(restriction);
  return restriction.id;
}

function listening() {
  const lines: string[] = [];
  const logger = {
    log: (level: string, message: string) => void lines.push(`${level} ${message}`),
    child: () => logger,
  };
  return { lines, restrictions: new VisitorRestrictions(logger) };
}

test("VisitorRestrictions keeps out who matches no policy of the account, and nobody of another", () =>
  withStore(async (store) => {
    const [mine, other] = [await addAccount(store), await addAccount(store)];
    const { restrictions, lines } = listening();
    assert.equal(restrictions.refuses(mine, "192.0.2.1"), false, "before it has a store");
    await restrict(store, mine, "192.0.2.0/24");
    await restrictions.open(store);
    assert.equal(restrictions.refuses(mine, "192.0.2.1"), false);
    assert.equal(restrictions.refuses(mine, "198.51.100.1"), true);
    assert.equal(restrictions.refuses(mine, "2001:db8::1"), true);
    assert.equal(restrictions.refuses(other, "198.51.100.1"), false);
    assert.deepEqual(lines, []);
  }));

test("VisitorRestrictions follows changes of the store, of one account or of all", () =>
  withStore(async (store) => {
    const [mine, other] = [await addAccount(store), await addAccount(store)];
    const { restrictions } = listening();
    await restrictions.open(store);
    const id = await restrict(store, mine, "192.0.2.0/24");
    await restrict(store, other, "192.0.2.0/24");
    assert.equal(restrictions.refuses(mine, "198.51.100.1"), false);
    await restrictions.changed(mine);
    assert.equal(restrictions.refuses(mine, "198.51.100.1"), true);
    assert.equal(restrictions.refuses(other, "198.51.100.1"), false);
    await store.ip_restrictions.remove(mine, id);
    await restrictions.changed();
    assert.equal(restrictions.refuses(mine, "198.51.100.1"), false);
    assert.equal(restrictions.refuses(other, "198.51.100.1"), true);
  }));

test("VisitorRestrictions only tells of who fails one that is not enforced", () =>
  withStore(async (store) => {
    const mine = await addAccount(store);
    await restrict(store, mine, "192.0.2.0/24", false);
    const { restrictions, lines } = listening();
    await restrictions.open(store);
    assert.equal(restrictions.refuses(mine, "198.51.100.1"), false);
    assert.deepEqual(lines, ["warn visitor would be refused by its address"]);
  }));
