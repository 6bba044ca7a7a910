/** @module */
import assert from "node:assert/strict";
import type { TunnelError } from "../../../lib/base/errors.ts";
import {
  NO_RESERVATIONS,
  type Reservations,
  StoreReservations,
} from "../../../lib/edge/reservations.ts";
import type { Store } from "../../../lib/store/store.ts";
import { test } from "../../harness.ts";
import { addAccount, base, domain, withStore } from "../store/rows.ts";

async function codeOf(run: Promise<void>): Promise<number> {
  try {
    await run;
    return 0;
  } catch (thrown) {
    return (thrown as TunnelError).ngrokCode!;
  }
}

function open(store: Store, requireReservations?: boolean): Reservations {
  return new StoreReservations({ store, domains: ["example.com"], requireReservations });
}

function addr(account: string, text: string) {
  return { ...base(account, "ra"), addr: text, region: "" };
}

test("StoreReservations leaves a single account everything, until there is a second one", () =>
  withStore(async (store) => {
    const mine = await addAccount(store);
    const reservations = open(store);
    const hosts = ["shop.org", "*.dev.example.com", "a.b.example.com"];
    const all = () =>
      Promise.all([
        ...hosts.map((host) => codeOf(reservations.checkHost(mine, host))),
        codeOf(reservations.checkAddress({
          accountId: mine,
          host: "example.com",
          port: 20000,
          isKept: false,
        })),
      ]);
    assert.deepEqual(await all(), [0, 0, 0, 0]);
    const other = await addAccount(store);
    assert.deepEqual(await all(), [319, 318, 354, 307]);
    await store.reserved_domains.insert(domain(mine, "shop.org"));
    await store.reserved_domains.insert(domain(mine, "*.dev.example.com"));
    await store.reserved_domains.insert(domain(mine, "b.example.com"));
    await store.reserved_addrs.insert(addr(mine, "1.tcp.example.com:20000"));
    assert.deepEqual(await all(), [0, 0, 0, 0]);
    for (const host of hosts) assert.equal(await codeOf(reservations.checkHost(other, host)), 320);
    const foreign = { accountId: other, host: "example.com", port: 20000, isKept: true };
    assert.equal(await codeOf(reservations.checkAddress(foreign)), 309);
  }));

test("StoreReservations obeys an operator who says what must be reserved", () =>
  withStore(async (store) => {
    const mine = await addAccount(store);
    assert.equal(await codeOf(open(store, true).checkHost(mine, "shop.org")), 319);
    await addAccount(store);
    assert.equal(await codeOf(open(store, false).checkHost(mine, "shop.org")), 0);
    assert.equal(await codeOf(open(store, false).checkHost(mine, "*.shop.org")), 0);
  }));

test("StoreReservations lets an agent keep a port it had, unless it is another's by now", () =>
  withStore(async (store) => {
    const [mine, other] = [await addAccount(store), await addAccount(store)];
    const reservations = open(store);
    const wish = { accountId: mine, host: "example.com", port: 20001, isKept: true };
    assert.equal(await codeOf(reservations.checkAddress(wish)), 0);
    assert.equal(await codeOf(reservations.checkAddress({ ...wish, isKept: false })), 307);
    await store.reserved_addrs.insert(addr(other, "example.com:20001"));
    assert.equal(await codeOf(reservations.checkAddress(wish)), 309);
  }));

test("StoreReservations.reservedPorts() are those of all accounts", () =>
  withStore(async (store) => {
    const [one, two] = [await addAccount(store), await addAccount(store)];
    await store.reserved_addrs.insert(addr(one, "example.com:20001"));
    await store.reserved_addrs.insert(addr(two, "1.tcp.example.com:20003"));
    assert.deepEqual([...await open(store).reservedPorts()].sort(), [20001, 20003]);
  }));

test("NO_RESERVATIONS refuses nothing", async () => {
  await NO_RESERVATIONS.checkHost("ac_1", "*.shop.org");
  await NO_RESERVATIONS.checkAddress({ accountId: "ac_1", host: "a", port: 1, isKept: false });
  assert.equal((await NO_RESERVATIONS.reservedPorts()).size, 0);
});
