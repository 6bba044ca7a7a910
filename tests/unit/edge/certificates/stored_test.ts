/** @module */
import assert from "node:assert/strict";
import type { LogFields, Logger } from "../../../../lib/base/log.ts";
import { StoredCertificates } from "../../../../lib/edge/certificates/stored.ts";
import { openSqlite } from "../../../../lib/runtime/node_sqlite.ts";
import { sqliteDriver } from "../../../../lib/store/driver.ts";
import { createSealer } from "../../../../lib/store/seal.ts";
import { openStore, type Store } from "../../../../lib/store/store.ts";
import { test } from "../../../harness.ts";

interface Stage {
  readonly store: Store;
  readonly stored: StoredCertificates;
  readonly log: { readonly message: string; readonly fields: LogFields }[];
  reserve(domain: string, account?: string, certificateId?: string): Promise<void>;
  upload(id: string, account?: string, sealedFor?: string): Promise<void>;
}

const COMMON = { created_at: 1, updated_at: 1, description: "", metadata: "" };

async function withStage(run: (stage: Stage) => Promise<void>): Promise<void> {
  const store = await openStore(sqliteDriver(await openSqlite(":memory:")));
  const sealer = await createSealer(new Uint8Array(32).fill(7));
  const log: { message: string; fields: LogFields }[] = [];
  const logger: Logger = {
    log: (_, message, fields = {}) => void log.push({ message, fields }),
    child: () => logger,
  };
  try {
    for (const id of ["ac_1", "ac_2"]) {
      await store.accounts.insert({ id, name: id, created_at: 1, suspended: false });
    }
    let count = 0;
    await run({
      store,
      log,
      stored: new StoredCertificates({ store, sealer, logger }),
      reserve: (domain, account = "ac_1", certificateId) =>
        store.reserved_domains.insert({
          ...COMMON,
          id: `rd_${++count}`,
          account_id: account,
          domain,
          region: "",
          certificate_id: certificateId ?? null,
          certificate_management_policy: null,
          resolves_to: [],
        }),
      upload: async (id, account = "ac_1", sealedFor = id) =>
        await store.tls_certificates.insert({
          ...COMMON,
          id,
          account_id: account,
          certificate_pem: `chain of ${id}`,
          private_key_sealed: await sealer.seal(`key of ${id}`, `tls_certificates/${sealedFor}`),
          facts: {},
        }),
    });
  } finally {
    await store.close();
  }
}

test("StoredCertificates.find() gives the certificate attached to the domain, its key unsealed", async () => {
  await withStage(async ({ stored, reserve, upload }) => {
    await upload("cert_1");
    await reserve("shop.example.org", "ac_1", "cert_1");
    await stored.changed();
    assert.deepEqual(await stored.find("shop.example.org"), {
      chainPem: "chain of cert_1",
      keyPem: "key of cert_1",
    });
    assert.equal(stored.find("a.shop.example.org"), undefined);
    assert.equal(stored.find("other.example.org"), undefined);
  });
});

test("StoredCertificates.find() follows a wildcard, but not into another account", async () => {
  await withStage(async ({ stored, reserve, upload }) => {
    await upload("cert_1");
    await reserve("*.dev.example.org", "ac_1", "cert_1");
    await reserve("mine.dev.example.org", "ac_1");
    await reserve("theirs.dev.example.org", "ac_2");
    await stored.changed();
    assert.ok(await stored.find("x.dev.example.org"));
    assert.ok(await stored.find("mine.dev.example.org"));
    assert.equal(stored.find("theirs.dev.example.org"), undefined);
    assert.equal(stored.ownerOf("theirs.dev.example.org")?.account_id, "ac_2");
    assert.equal(stored.ownerOf("a.b.dev.example.org")?.domain, "*.dev.example.org");
  });
});

test("StoredCertificates.changed() shows what was in the store when it was called", async () => {
  await withStage(async ({ store, stored, reserve, upload }) => {
    await upload("cert_1");
    await upload("cert_2");
    await reserve("shop.example.org", "ac_1", "cert_1");
    const first = stored.changed();
    await store.reserved_domains.update("ac_1", "rd_1", { certificate_id: "cert_2" });
    await Promise.all([first, stored.changed(), stored.changed()]);
    assert.equal((await stored.find("shop.example.org"))?.chainPem, "chain of cert_2");
    await store.reserved_domains.update("ac_1", "rd_1", { certificate_id: null });
    await stored.changed();
    assert.equal(stored.find("shop.example.org"), undefined);
  });
});

test("StoredCertificates.find() says in the log what it cannot open, and leaves it to others", async () => {
  await withStage(async ({ stored, reserve, upload, log }) => {
    await upload("cert_1", "ac_1", "cert_9");
    await reserve("shop.example.org", "ac_1", "cert_1");
    await stored.changed();
    assert.equal(await stored.find("shop.example.org"), undefined);
    assert.equal(log[0].message, "uploaded certificate cannot be used");
    assert.equal(log[0].fields.certificate, "cert_1");
  });
});
