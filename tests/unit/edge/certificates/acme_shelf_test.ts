/** @module */
import assert from "node:assert/strict";
import {
  AcmeShelf,
  type CertificateRecord,
  readRecords,
} from "../../../../lib/edge/certificates/acme_shelf.ts";
import { openSqlite } from "../../../../lib/runtime/node_sqlite.ts";
import { sqliteDriver } from "../../../../lib/store/driver.ts";
import { createSealer } from "../../../../lib/store/seal.ts";
import { openStore } from "../../../../lib/store/store.ts";
import { test } from "../../../harness.ts";

test("AcmeShelf keeps records and accounts, and no key in the open", async () => {
  const database = await openSqlite(":memory:");
  const store = await openStore(sqliteDriver(database));
  const shelf = new AcmeShelf(store.settings, await createSealer(new Uint8Array(32)));
  const signed = { chainPem: "CHAIN", keyPem: "KEY" };
  const record: CertificateRecord = {
    names: ["a.test", "*.a.test"],
    keyType: "ecdsa",
    issued: {
      directoryUrl: "https://ca.test/",
      issuer: "CA",
      notBeforeMs: 1,
      notAfterMs: 2,
      renewsAtMs: 1.5,
      sealed: await shelf.seal("a.test", signed),
    },
  };
  await shelf.save(record);
  await shelf.save({ names: ["b.test"], keyType: "rsa" });
  assert.deepEqual(await shelf.records(), [record, { names: ["b.test"], keyType: "rsa" }]);
  assert.deepEqual(await shelf.open("a.test", record.issued!.sealed), signed);
  await assert.rejects(shelf.open("b.test", record.issued!.sealed), { code: "config_invalid" });
  await shelf.remove(record);
  assert.deepEqual((await readRecords(store.settings)).map(({ names }) => names[0]), ["b.test"]);
  const account = shelf.account("https://ca.test/");
  assert.equal(await account.load(), undefined);
  await account.save({ key: { kty: "EC", d: "SECRET" }, url: "https://ca.test/1" });
  assert.equal((await account.load())?.key.d, "SECRET");
  assert.equal(await shelf.account("https://other.test/").load(), undefined);
  for (const [, value] of await store.settings.entries("acme/account/")) {
    assert.ok(!value.includes("SECRET"));
  }
  await store.close();
});
