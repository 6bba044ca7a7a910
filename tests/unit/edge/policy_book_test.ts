/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { PolicyBook, type PolicyStore } from "../../../lib/edge/policy_book.ts";
import { test } from "../../harness.ts";

/** A store with one policy and one authority, whose rules a test may change. */
function fakeStore() {
  const rules: { id: string; cidr: string; action: "allow" | "deny" }[] = [];
  let fails = false;
  const store = {
    ip_policies: {
      get: (account: string, id: string) =>
        Promise.resolve(account === "ac_1" && id === "ipp_1" ? { id } : undefined),
    },
    ip_policy_rules: {
      list: (_account: string, { beforeId }: { beforeId?: string }) => {
        if (fails) return Promise.reject(new Error("no database"));
        const from = beforeId === undefined ? 0 : rules.findIndex(({ id }) => id === beforeId) + 1;
        return Promise.resolve(rules.slice(from, from + 2));
      },
    },
    certificate_authorities: {
      get: (_account: string, id: string) =>
        Promise.resolve(id === "ca_1" ? { ca_pem: "PEM" } : undefined),
    },
  } as unknown as PolicyStore;
  return { store, rules, fail: () => fails = true };
}

test("PolicyBook keeps the rules of a policy as they are in the store", async () => {
  const { store, rules, fail } = fakeStore();
  for (const at of [1, 2, 3]) {
    rules.push({ id: `r${at}`, cidr: `10.0.${at}.0/24`, action: "allow" });
  }
  const book = new PolicyBook({ store, clock: new FakeClock(), logger: silentLogger });
  const services = book.servicesFor("ac_1");
  const live = await services.ipPolicy!("ipp_1");
  assert.deepEqual(live!.rules.map(({ cidr }) => cidr), rules.map(({ cidr }) => cidr));
  assert.equal(await services.ipPolicy!("ipp_1"), live);
  rules.pop();
  await book.changed("ac_2");
  assert.equal(live!.rules.length, 3);
  await book.changed("ac_1");
  assert.equal(live!.rules.length, 2);
  rules.pop();
  await book.changed();
  assert.equal(live!.rules.length, 1);
  fail();
  await book.changed();
  assert.equal(live!.rules.length, 1);
});

test("PolicyBook gives nobody what is another account's, and nothing without accounts", async () => {
  const { store } = fakeStore();
  const options = { clock: new FakeClock(), logger: silentLogger };
  const book = new PolicyBook({ store, ...options });
  assert.equal(await book.servicesFor("ac_2").ipPolicy!("ipp_1"), undefined);
  assert.equal(await book.servicesFor("ac_1").certificateAuthority!("ca_1"), "PEM");
  assert.equal(await book.servicesFor("ac_1").certificateAuthority!("ca_2"), undefined);
  const without = new PolicyBook({ store: undefined, ...options });
  assert.equal(without.servicesFor("ac_1").ipPolicy, undefined);
  await without.changed();
});
