/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../../lib/base/clock.ts";
import type { LogFields, Logger } from "../../../../lib/base/log.ts";
import {
  type CertificateFiles,
  type FileCertificates,
  findPairs,
  openFileCertificates,
} from "../../../../lib/edge/certificates/files.ts";
import { MemoryFiles } from "../../../../lib/runtime/memory_host.ts";
import { makeCa } from "../../../fakes/certs.ts";
import { test } from "../../../harness.ts";

const DAY_MS = 86_400_000;

interface Stage {
  readonly clock: FakeClock;
  readonly files: MemoryFiles;
  readonly log: { readonly level: string; readonly message: string; readonly fields: LogFields }[];
  put(name: string, names: readonly string[], days?: number): Promise<string>;
  open(from: string | readonly CertificateFiles[]): Promise<FileCertificates>;
}

async function makeStage(): Promise<Stage> {
  const clock = new FakeClock(Date.now());
  const files = new MemoryFiles(clock, "/");
  await files.makeDir("/certs");
  const ca = await makeCa();
  const log: { level: string; message: string; fields: LogFields }[] = [];
  const logger: Logger = {
    log: (level, message, fields = {}) => void log.push({ level, message, fields }),
    child: () => logger,
  };
  return {
    clock,
    files,
    log,
    async put(name, names, days = 5) {
      const leaf = await ca.leaf(names, { notAfter: new Date(clock.now() + days * DAY_MS) });
      await files.write(`/certs/${name}.crt`, leaf.chainPem);
      await files.write(`/certs/${name}.key`, leaf.keyPem);
      return leaf.chainPem.trim();
    },
    open: (from) => openFileCertificates({ files, clock, logger, from, everyMs: 1_000 }),
  };
}

test("FileCertificates.find() takes an exact name before a wildcard, and the longest life", async () => {
  const { put, open } = await makeStage();
  await put("wild", ["*.example.com", "example.com"], 9);
  const exact = await put("exact", ["shop.example.com"], 2);
  await put("short", ["shop.example.com"], 1);
  const certificates = await open("/certs");
  const chain = (name: string) => certificates.find(name)?.certificate.chainPem.trim();
  assert.equal(chain("shop.example.com"), exact);
  assert.equal(certificates.find("other.example.com")?.path, "/certs/wild.crt");
  assert.equal(certificates.find("example.com")?.path, "/certs/wild.crt");
  assert.equal(certificates.find("a.b.example.com"), undefined);
  assert.equal(certificates.all.length, 3);
  certificates.close();
});

test("FileCertificates takes a new file over, refuses a broken one with a line, and keeps the old", async () => {
  const { clock, files, put, open, log } = await makeStage();
  await put("shop", ["shop.example.com"]);
  const certificates = await open([{
    certificate: "/certs/shop.crt",
    key: "/certs/shop.key",
  }]);
  const chain = () => certificates.find("shop.example.com")?.certificate.chainPem.trim();
  const lines = (level: string) => log.filter((line) => line.level === level);
  await clock.advance(10);
  const second = await put("shop", ["shop.example.com"]);
  await clock.advance(1_000);
  await certificates.look();
  assert.equal(chain(), second);
  await files.write("/certs/shop.crt", "not a certificate");
  await certificates.look();
  await certificates.look();
  assert.equal(chain(), second);
  assert.equal(lines("warn").length, 1);
  assert.match(String(lines("warn")[0].fields.err), /no certificate in it/);
  const other = await (await makeCa()).leaf(["shop.example.com"]);
  await clock.advance(10);
  await files.write("/certs/shop.crt", other.chainPem);
  await certificates.look();
  assert.equal(chain(), second);
  assert.match(String(lines("warn")[1].fields.err), /private key is not that/);
  await files.write("/certs/shop.key", other.keyPem);
  await certificates.look();
  assert.equal(chain(), other.chainPem.trim());
  certificates.close();
  assert.equal(clock.pending, 0);
});

test("openFileCertificates() refuses to start with a file that is broken, and names it", async () => {
  const { files, put, open } = await makeStage();
  await put("shop", ["shop.example.com"]);
  await files.write(
    "/certs/shop.key",
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
  );
  await assert.rejects(open("/certs"), (error: Error) => {
    return /"\/certs\/shop\.crt"/.test(error.message) && /encrypted/.test(error.message);
  });
  await assert.rejects(open([{ certificate: "/certs/none.crt", key: "/certs/none.key" }]), {
    code: "not_found",
  });
});

test("findPairs() knows what certbot, Kubernetes and people leave in a folder", async () => {
  const { files } = await makeStage();
  for (
    const path of [
      "a.crt",
      "a.key",
      "b.pem",
      "b-key.pem",
      "lonely.pem",
      "README",
      "shop.example.com/cert.pem",
      "shop.example.com/fullchain.pem",
      "shop.example.com/privkey.pem",
      "mount/tls.crt",
      "mount/tls.key",
      "..data/tls.crt",
      "..data/tls.key",
    ]
  ) {
    const folder = path.includes("/") ? `/certs/${path.split("/")[0]}` : "/certs";
    await files.makeDir(folder);
    await files.write(`/certs/${path}`, "x");
  }
  assert.deepEqual(
    (await findPairs(files, "/certs")).map(({ certificate, key }) => [
      certificate.slice(7),
      key.slice(7),
    ]),
    [
      ["a.crt", "a.key"],
      ["b.pem", "b-key.pem"],
      ["mount/tls.crt", "mount/tls.key"],
      ["shop.example.com/fullchain.pem", "shop.example.com/privkey.pem"],
    ],
  );
});
