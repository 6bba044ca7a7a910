/** @module */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { FakeClock } from "../../../../lib/base/clock.ts";
import type { TunnelError } from "../../../../lib/base/errors.ts";
import { silentLogger } from "../../../../lib/base/log.ts";
import { type DevAuthority, openDevAuthority } from "../../../../lib/edge/certificates/dev_ca.ts";
import { MemoryFiles } from "../../../fakes/files.ts";
import { test } from "../../../harness.ts";

const DAY_MS = 86_400_000;

interface Opened {
  readonly files?: MemoryFiles;
  readonly clock?: FakeClock;
  readonly dataDir?: string | undefined;
  readonly domains?: readonly string[];
  readonly online?: Readonly<Record<string, string>>;
}

function open(options: Opened = {}): Promise<DevAuthority> {
  return openDevAuthority({
    files: options.files ?? new MemoryFiles(),
    dataDir: "dataDir" in options ? options.dataDir : "/data",
    clock: options.clock ?? new FakeClock(Date.UTC(2030, 0, 1)),
    logger: silentLogger,
    domains: options.domains ?? ["example.com", "example.net"],
    agentNames: ["203.0.113.7"],
    endpointHost: (name) => options.online?.[name],
  });
}

async function namesOf(
  certificates: DevAuthority,
  serverName: string | undefined,
): Promise<string> {
  const { chainPem } = await certificates.certificateFor(serverName);
  const names = new X509Certificate(chainPem).subjectAltName ?? "";
  return names.replaceAll("DNS:", "").replaceAll("IP Address:", "");
}

test("S112 openDevAuthority() covers the agents' names and the loopback addresses", async () => {
  const certificates = await open();
  const cert = new X509Certificate((await certificates.agentCertificate()).chainPem);
  for (const name of ["connect.example.com", "connect.example.net", "localhost", "example.com"]) {
    assert.ok(cert.checkHost(name), name);
  }
  for (const ip of ["127.0.0.1", "::1", "203.0.113.7"]) assert.ok(cert.checkIP(ip), ip);
  assert.ok(cert.verify(new X509Certificate(certificates.caPem).publicKey));
  const same = await certificates.certificateFor("connect.example.net");
  assert.equal(same.chainPem, (await certificates.agentCertificate()).chainPem);
  assert.equal((await certificates.certificateFor(undefined)).chainPem, same.chainPem);
});

test("openDevAuthority() has one leaf for the base domains, and one for each other name online", async () => {
  const certificates = await open({
    online: {
      "shop.example.org": "shop.example.org",
      "a.b.example.com": "a.b.example.com",
      "x.wild.example.org": "*.wild.example.org",
      "x.y.wild.example.org": "*.wild.example.org",
    },
  });
  const base = "example.com, *.example.com, example.net, *.example.net";
  assert.equal(await namesOf(certificates, "example.com"), base);
  assert.equal(await namesOf(certificates, "Calm-Otter.example.net"), base);
  assert.equal(await namesOf(certificates, "shop.example.org"), "shop.example.org");
  assert.equal(await namesOf(certificates, "a.b.example.com"), "a.b.example.com");
  assert.equal(await namesOf(certificates, "x.wild.example.org"), "*.wild.example.org");
  // A wildcard in a certificate reaches one label deep.
  assert.equal(await namesOf(certificates, "x.y.wild.example.org"), "x.y.wild.example.org");
  // What nobody serves is not signed for.
  assert.equal(await namesOf(certificates, "stranger.example.org"), base);
});

test("openDevAuthority() signs each name under a single-label domain, for *.localhost is refused by clients", async () => {
  const certificates = await open({ domains: ["localhost"] });
  assert.equal(await namesOf(certificates, "calm-otter.localhost"), "calm-otter.localhost");
  assert.equal(await namesOf(certificates, "localhost"), "localhost");
});

test("openDevAuthority() keeps everything for the owner's eyes and loads it again", async () => {
  const files = new MemoryFiles();
  const first = await open({ files });
  assert.equal(first.caPath, "/data/certs/ca.pem");
  const agent = await first.agentCertificate();
  const base = await first.certificateFor("example.com");
  for (const [path, mode] of files.modes) assert.equal(mode, 0o600, path);
  assert.deepEqual(await files.list("/data/certs"), [
    "agents.pem",
    "ca-key.pem",
    "ca.pem",
    "domains.pem",
  ]);
  const { writes } = files;
  const second = await open({ files });
  assert.equal(second.caPem, first.caPem);
  assert.equal((await second.agentCertificate()).chainPem, agent.chainPem);
  assert.deepEqual(
    (await second.certificateFor("example.com")).keyPem,
    base.keyPem,
  );
  assert.equal(files.writes, writes);
});

test("openDevAuthority() makes leaves anew when the names changed or a file is damaged", async () => {
  const files = new MemoryFiles();
  const first = await (await open({ files })).agentCertificate();
  const moved = await open({ files, domains: ["example.org"] });
  const second = await moved.agentCertificate();
  assert.notEqual(second.chainPem, first.chainPem);
  assert.ok(new X509Certificate(second.chainPem).checkHost("connect.example.org"));
  await files.write("/data/certs/agents.pem", "names: nonsense");
  const third = await (await open({ files, domains: ["example.org"] })).agentCertificate();
  assert.ok(new X509Certificate(third.chainPem).checkHost("connect.example.org"));
});

test("openDevAuthority() renews leaves while the edge runs", async () => {
  const clock = new FakeClock(Date.UTC(2030, 0, 1));
  const certificates = await open({ clock });
  const first = await certificates.certificateFor("example.com");
  await clock.advance(59 * DAY_MS);
  assert.equal((await certificates.certificateFor("example.com")).chainPem, first.chainPem);
  await clock.advance(2 * DAY_MS);
  const [second, third] = await Promise.all([
    certificates.certificateFor("example.com"),
    certificates.certificateFor("example.com"),
  ]);
  assert.notEqual(second.chainPem, first.chainPem);
  assert.equal(second.chainPem, third.chainPem);
});

test("openDevAuthority() makes one leaf for many visitors at once", async () => {
  const certificates = await open({ online: { "shop.example.org": "shop.example.org" } });
  const leaves = await Promise.all(
    Array.from({ length: 10 }, () => certificates.certificateFor("shop.example.org")),
  );
  assert.equal(new Set(leaves.map((leaf) => leaf.chainPem)).size, 1);
});

test("openDevAuthority() needs no folder", async () => {
  const files = new MemoryFiles();
  const certificates = await open({ files, dataDir: undefined });
  assert.equal(certificates.caPath, undefined);
  assert.match(certificates.caPem, /BEGIN CERTIFICATE/);
  assert.ok((await certificates.agentCertificate()).keyPem);
  assert.equal(files.writes, 0);
});

test("openDevAuthority() begins again when a first start was interrupted, and refuses to lose a key", async () => {
  const files = new MemoryFiles();
  await (await open({ files })).agentCertificate();
  await files.remove("/data/certs/ca.pem");
  const again = await open({ files });
  const cert = new X509Certificate((await again.agentCertificate()).chainPem);
  assert.ok(cert.verify(new X509Certificate(again.caPem).publicKey));
  await files.remove("/data/certs/ca-key.pem");
  await assert.rejects(
    open({ files }),
    (error: TunnelError) => error.code === "config_invalid" && /ca-key\.pem/.test(error.message),
  );
});
