/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { silentLogger } from "../../../../lib/base/log.ts";
import {
  type CertificatesOptions,
  openCertificates,
} from "../../../../lib/edge/certificates/certificates.ts";
import { readLeaf } from "../../../../lib/edge/certificates/x509.ts";
import { MemoryFiles } from "../../../../lib/runtime/memory_host.ts";
import { openSqlite } from "../../../../lib/runtime/node_sqlite.ts";
import { sqliteDriver } from "../../../../lib/store/driver.ts";
import { createSealer } from "../../../../lib/store/seal.ts";
import { openStore } from "../../../../lib/store/store.ts";
import { makeCa } from "../../../fakes/certs.ts";
import { test } from "../../../harness.ts";

function options(files: MemoryFiles, clock: FakeClock): CertificatesOptions {
  return {
    files,
    dataDir: undefined,
    clock,
    logger: silentLogger,
    domains: ["example.com"],
    agentNames: [],
    endpointHost: () => undefined,
  };
}

test("openCertificates() asks the store, then the operator's files, then the edge's own authority", async () => {
  const clock = new FakeClock(Date.now());
  const files = new MemoryFiles(clock, "/");
  const ca = await makeCa("The operator's");
  const wildcard = await ca.leaf(["example.com", "*.example.com", "shop.example.org"]);
  await files.makeDir("/certs");
  await files.write("/certs/wild.crt", wildcard.chainPem);
  await files.write("/certs/wild.key", wildcard.keyPem);
  const store = await openStore(sqliteDriver(await openSqlite(":memory:")));
  const sealer = await createSealer(new Uint8Array(32));
  const uploaded = await (await makeCa("The account's")).leaf(["shop.example.org"]);
  const common = {
    account_id: "ac_1",
    created_at: 1,
    updated_at: 1,
    description: "",
    metadata: "",
  };
  await store.accounts.insert({ id: "ac_1", name: "one", created_at: 1, suspended: false });
  await store.tls_certificates.insert({
    ...common,
    id: "cert_1",
    certificate_pem: uploaded.chainPem,
    private_key_sealed: await sealer.seal(uploaded.keyPem, "tls_certificates/cert_1"),
    facts: {},
  });
  await store.reserved_domains.insert({
    ...common,
    id: "rd_1",
    domain: "shop.example.org",
    region: "",
    certificate_id: null,
    certificate_management_policy: null,
    resolves_to: [],
  });
  const certificates = await openCertificates({
    ...options(files, clock),
    stored: { store, sealer },
    certificateFiles: "/certs",
  });
  const issuer = async (name: string | undefined) =>
    (await readLeaf((await certificates.certificateFor(name)).chainPem)).issuer;
  assert.equal(await issuer("shop.example.org"), "The operator's");
  await store.reserved_domains.update("ac_1", "rd_1", { certificate_id: "cert_1" });
  await certificates.changed();
  assert.equal(await issuer("SHOP.example.org"), "The account's");
  assert.equal(await issuer("a.example.com"), "The operator's");
  // Agents trust the edge's own authority, whatever covers their name.
  assert.match(await issuer("connect.example.com"), /^Sallyport/);
  assert.match(await issuer("other.example.org"), /^Sallyport/);
  assert.match(await issuer(undefined), /^Sallyport/);
  await certificates.close();
  await store.close();
  assert.equal(clock.pending, 0);
});

test("Certificates.reload() looks at the files at once", async () => {
  const clock = new FakeClock(Date.now());
  const files = new MemoryFiles(clock, "/");
  await files.makeDir("/certs");
  const certificates = await openCertificates({
    ...options(files, clock),
    certificateFiles: "/certs",
  });
  const leaf = await (await makeCa("New")).leaf(["*.example.com"]);
  await files.write("/certs/wild.pem", leaf.chainPem);
  await files.write("/certs/wild-key.pem", leaf.keyPem);
  await certificates.reload();
  const { chainPem } = await certificates.certificateFor("a.example.com");
  assert.equal((await readLeaf(chainPem)).issuer, "New");
  await certificates.close();
});
