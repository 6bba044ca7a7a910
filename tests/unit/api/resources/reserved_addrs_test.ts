import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { DOMAIN, liveEndpoint, withApi } from "../kit.ts";
import { assertRefused, journey, longTexts } from "./journey.ts";

const path = "/reserved_addrs";

test("reserved_addrs: created, read, listed, changed, deleted", async () => {
  await withApi((stage) =>
    journey(stage, {
      path,
      prefix: "ra",
      event: "tcp_address",
      create: { description: "ssh" },
      created: { description: "ssh", region: "us", endpoint_configuration: null },
      update: { metadata: "m" },
      updated: { metadata: "m", description: "ssh" },
    })
  );
});

test("reserved_addrs: the edge chooses among the ports that nobody has", async () => {
  await withApi(async ({ caller, stranger, live }) => {
    const other = await stranger();
    const busy = (port: number, accountId: string) =>
      live.all.endpoints.push(
        liveEndpoint(accountId, { url: `tcp://${DOMAIN}:${port}`, proto: "tcp" }),
      );
    busy(20_003, other.accountId);
    busy(20_004, caller.accountId);
    const addrs: string[] = [];
    for (let i = 0; i < 9; i++) addrs.push((await caller.make(path, {})).addr);
    const ports = addrs.map((addr) => Number(addr.slice(`${DOMAIN}:`.length))).sort();
    assert.deepEqual(ports, [0, 1, 2, 4, 5, 6, 7, 8, 9].map((last) => 20_000 + last));
    await assertRefused(caller, [["all taken", "POST", path, {}, 503, 409]]);
    // Where the other one is online itself, it may reserve.
    assert.equal((await other.make(path, {})).addr, `${DOMAIN}:20003`);
    await assertRefused(other, [["all taken", "POST", path, {}, 503, 409]]);
  });
});

test("reserved_addrs: refuses what it must, with its numbers", async () => {
  await withApi(async ({ caller }) => {
    const made = await caller.make(path, { region: "eu" });
    assert.equal(made.region, "eu");
    const one = `${path}/${made.id}`;
    assert.equal((await caller.delete(`${one}/endpoint_configuration`)).status, 204);
    await assertRefused(caller, [
      ["region", "POST", path, { region: "moon" }, 500, 400],
      ["an address of one's choice", "POST", path, { addr: "a:1" }, 214, 400],
      ["empty update", "PATCH", one, {}, 506, 400],
      ["region in update", "PATCH", one, { region: "us" }, 214, 400],
      ...longTexts(path, {}, 504, 505),
    ]);
    const policy = "on_tcp_connect: []";
    await caller.make("/endpoints", { url: `tcp://${made.addr}`, traffic_policy: policy });
    await assertRefused(caller, [["in use", "DELETE", one, undefined, 446, 409]]);
  });
  await withApi(async ({ caller }) => {
    await caller.make(path, {});
    await assertRefused(caller, [["one too many", "POST", path, {}, 502, 400]]);
  }, { limits: { maxObjects: 1 } });
  await withApi(
    ({ caller }) => assertRefused(caller, [["no tcp endpoints", "POST", path, {}, 503, 409]]),
    { deps: { tcpPorts: undefined } },
  );
});
