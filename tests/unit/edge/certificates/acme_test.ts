/** @module */
import assert from "node:assert/strict";
import { silentLogger } from "../../../../lib/base/log.ts";
import { type AcmeParts, openAcme } from "../../../../lib/edge/certificates/acme.ts";
import type { AcmeOptions } from "../../../../lib/edge/certificates/acme_options.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { openSqlite } from "../../../../lib/runtime/node_sqlite.ts";
import { sqliteDriver } from "../../../../lib/store/driver.ts";
import { createSealer } from "../../../../lib/store/seal.ts";
import { openStore, type Store } from "../../../../lib/store/store.ts";
import { test } from "../../../harness.ts";

async function withStore(run: (parts: (acme: AcmeOptions) => AcmeParts) => Promise<void>) {
  const store: Store = await openStore(sqliteDriver(await openSqlite(":memory:")));
  const sealer = await createSealer(new Uint8Array(32));
  const runtime = memoryRuntime();
  try {
    await run((acme) => ({
      acme,
      runtime,
      logger: silentLogger,
      settings: store.settings,
      sealer,
      hasHttp: true,
      hasHttps: true,
      limits: { waitMs: 0, perHour: 0, perAccountHour: 0 },
      facts: {
        domains: ["base.test"],
        publicAgents: false,
        isCovered: () => false,
        ownerOf: () => undefined,
        reserved: () => [],
        endpointOf: () => undefined,
      },
    }));
  } finally {
    await store.close();
  }
}

test("openAcme() asks nothing before it is started, and remembers who cannot be reached", async () => {
  await withStore(async (parts) => {
    const directoryUrl = "http://127.0.0.1:9/dir";
    const { keeper, answers } = await openAcme(parts({ directoryUrl }));
    assert.deepEqual(keeper.records, []);
    assert.equal(answers.httpAnswer("/.well-known/acme-challenge/x"), undefined);
    keeper.start();
    assert.deepEqual(keeper.records.map(({ names }) => names[0]), ["base.test", "api.base.test"]);
    await keeper.close();
  });
});

test("openAcme() names the option that cannot be used", async () => {
  await withStore(async (parts) => {
    const missing = openAcme(parts({ directoryCas: "/nowhere.pem" }));
    await assert.rejects(missing, /"acme\.directoryCas".*nowhere/);
    const empty = "-----BEGIN NOTHING-----\nAAAA\n-----END NOTHING-----\n";
    await assert.rejects(openAcme(parts({ directoryCas: empty })), { code: "config_invalid" });
    await assert.rejects(openAcme(parts({ challenges: ["dns-01"] })), { code: "config_invalid" });
  });
});
