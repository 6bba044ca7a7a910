import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSystemRoots, systemRoots } from "../../../lib/runtime/node_roots.ts";
import { makeCa } from "../../fakes/certs.ts";
import { test } from "../../harness.ts";

test("systemRoots() are PEM texts, never none, and read once", () => {
  const roots = systemRoots();
  assert.ok(roots.length > 10);
  for (const pem of roots) assert.match(pem, /^-----BEGIN CERTIFICATE-----/);
  assert.equal(systemRoots(), roots);
});

test("readSystemRoots() takes SSL_CERT_FILE in place of the system's and NODE_EXTRA_CA_CERTS besides", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-roots-"));
  const [first, second, extra] = await Promise.all([makeCa("1"), makeCa("2"), makeCa("3")]);
  const file = join(folder, "roots.pem");
  const more = join(folder, "extra.pem");
  await writeFile(file, `# two roots\n${first.caPem}\n${second.caPem}`);
  await writeFile(more, extra.caPem);
  const read = (env: Record<string, string>) => readSystemRoots((name) => env[name]);
  const texts = (pems: readonly string[]) => pems.map((pem) => pem.trim());
  assert.deepEqual(
    texts(read({ SSL_CERT_FILE: file, NODE_EXTRA_CA_CERTS: more })),
    texts([first.caPem, second.caPem, extra.caPem]),
  );
  const system = read({});
  assert.deepEqual(read({ NODE_EXTRA_CA_CERTS: more }).length, system.length + 1);
  assert.deepEqual(read({ SSL_CERT_FILE: join(folder, "none.pem") }), system);
  await rm(folder, { recursive: true });
});
