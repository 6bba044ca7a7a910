/** @module */
import assert from "node:assert/strict";
import type { LogFields, Logger } from "../../../lib/base/log.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { Ingresses, type IngressStore } from "../../../lib/edge/ingresses.ts";
import { test } from "../../harness.ts";

/** A table that holds what the test says. */
function storeOf(rows: () => { domain: string; account_id: string }[]): IngressStore {
  const agent_ingresses = { findAnywhere: () => Promise.resolve().then(rows) };
  return { agent_ingresses } as unknown as IngressStore;
}

test("Ingresses knows whose a name is, as of the last refresh", async () => {
  let rows = [{ domain: "agents.acme.test", account_id: "ac_1" }];
  const ingresses = new Ingresses(storeOf(() => rows), silentLogger);
  assert.equal(ingresses.accountOf("agents.acme.test"), undefined);
  await ingresses.refresh();
  assert.equal(ingresses.accountOf("agents.acme.test"), "ac_1");
  assert.equal(ingresses.accountOf("other.test"), undefined);
  assert.equal(ingresses.rowOf("agents.acme.test")?.domain, "agents.acme.test");
  assert.deepEqual([...ingresses.rows()].map(({ domain }) => domain), ["agents.acme.test"]);
  rows = [];
  await ingresses.refresh();
  assert.equal(ingresses.accountOf("agents.acme.test"), undefined);
});

test("Ingresses keeps what it knows when the store cannot be read, and says so", async () => {
  let fails = false;
  const lines: string[] = [];
  const logger: Logger = {
    log: (_level: string, message: string, _fields?: LogFields) => void lines.push(message),
  } as Logger;
  const store = storeOf(() => {
    if (fails) throw new Error("disk");
    return [{ domain: "agents.acme.test", account_id: "ac_1" }];
  });
  const ingresses = new Ingresses(store, logger);
  await ingresses.refresh();
  fails = true;
  await ingresses.refresh();
  assert.equal(ingresses.accountOf("agents.acme.test"), "ac_1");
  assert.deepEqual(lines, ["agent ingresses could not be read"]);
});

test("Ingresses without accounts knows none", async () => {
  const ingresses = new Ingresses(undefined, silentLogger);
  await ingresses.refresh();
  assert.equal(ingresses.accountOf("agents.acme.test"), undefined);
});
