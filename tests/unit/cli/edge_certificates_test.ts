/** @module */
import assert from "node:assert/strict";
import { listCertificates, revokeCertificate } from "../../../lib/cli/edge_certificates.ts";
import type { Cli } from "../../../lib/cli/command.ts";
import { issueLeaf, makeAuthority } from "../../../lib/edge/certificates/maker.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { openSqlite } from "../../../lib/runtime/node_sqlite.ts";
import { sqliteDriver } from "../../../lib/store/driver.ts";
import { openStore } from "../../../lib/store/store.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "../../harness.ts";

const DAY_MS = 86_400_000;

test("listCertificates() tells of every certificate, revokeCertificate() of the one that agents see", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-certificates-"));
  const path = join(folder, "real.db");
  const runtime = memoryRuntime();
  const { host, clock } = runtime;
  const cli = {
    runtime: { ...runtime, host, openSqlite: () => openSqlite(path) },
  } as unknown as Cli;
  try {
    const store = await openStore(sqliteDriver(await openSqlite(path)));
    await store.settings.set(
      "acme/certificate/a.test",
      JSON.stringify({
        names: ["a.test"],
        keyType: "ecdsa",
        trouble: {
          attempts: 1,
          startedAtMs: 0,
          retriesAtMs: clock.now() + 60_000,
          errorCode: "DNS_ERROR",
          message: "no address",
        },
      }),
    );
    await store.close();
    await host.files.makeDir("/data/certs");
    await host.files.write("/data/sallyport.db", "there");
    await assert.rejects(revokeCertificate(cli, "/data", "agents"), { code: "not_found" });
    const authority = await makeAuthority(clock.now());
    const leaf = await issueLeaf(authority, ["connect.base.test"], clock.now());
    await host.files.write("/data/certs/agents.pem", leaf.chainPem);
    await listCertificates(cli, "/data");
    const states = JSON.parse(host.stdout.text);
    assert.deepEqual(states.map((one: { source: string }) => one.source), ["own", "acme"]);
    assert.deepEqual(states[0].names, ["connect.base.test"]);
    assert.ok(states[0].days_left >= 89);
    assert.ok(Date.parse(states[0].renews_at) > clock.now() + 50 * DAY_MS);
    assert.equal(states[1].days_left, null);
    assert.equal(states[1].error, "no address");
    host.stdout.text = "";
    await revokeCertificate(cli, "/data", "agents");
    assert.equal(JSON.parse(host.stdout.text).serial_number, leaf.serial);
    host.stdout.text = "";
    await listCertificates(cli, "/data");
    assert.match(JSON.parse(host.stdout.text)[0].error, /revoked/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
