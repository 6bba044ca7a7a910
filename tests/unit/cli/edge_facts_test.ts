import assert from "node:assert/strict";
import { readFacts, rememberFacts } from "../../../lib/cli/edge_facts.ts";
import { openSqlite } from "../../../lib/runtime/node_sqlite.ts";
import { sqliteDriver } from "../../../lib/store/driver.ts";
import { openStore } from "../../../lib/store/store.ts";
import { test } from "../../harness.ts";

test("readFacts() gives what rememberFacts() wrote, and something usable before that", async () => {
  const store = await openStore(sqliteDriver(await openSqlite(":memory:")));
  assert.deepEqual(await readFacts(store), { domains: ["localhost"], tcpPorts: undefined });
  const facts = { domains: ["example.com"], tcpPorts: { from: 1, to: 2 } };
  await rememberFacts({ store, domains: facts.domains, tcpRange: facts.tcpPorts });
  assert.deepEqual(await readFacts(store), facts);
  await store.close();
});
