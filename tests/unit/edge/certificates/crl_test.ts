/** @module */
import assert from "node:assert/strict";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { readRevoked, RevocationList, revoke } from "../../../../lib/edge/certificates/crl.ts";
import { makeAuthority } from "../../../../lib/edge/certificates/maker.ts";
import { test } from "../../../harness.ts";

const DAY_MS = 86_400_000;

class MemorySettings {
  readonly #values = new Map<string, string>();
  get(name: string): Promise<string | undefined> {
    return Promise.resolve(this.#values.get(name));
  }
  set(name: string, value: string): Promise<void> {
    return Promise.resolve(void this.#values.set(name, value));
  }
}

test("RevocationList is signed by the authority, and made anew before it ends and when it changes", async () => {
  const settings = new MemorySettings();
  const clock = new FakeClock(Date.UTC(2030, 0, 1));
  const authority = await makeAuthority(clock.now());
  const list = new RevocationList(settings, authority, clock);
  await list.changed();
  const read = async () => new x509.X509Crl(new Uint8Array(await list.der()));
  const first = await read();
  assert.ok(await first.verify({ publicKey: new x509.X509Certificate(authority.certPem) }));
  assert.equal(first.entries.length, 0);
  assert.equal(first.nextUpdate!.getTime() - first.thisUpdate.getTime(), 7 * DAY_MS);
  assert.equal(await list.der(), await list.der());
  await clock.advance(3 * DAY_MS);
  assert.ok((await read()).thisUpdate > first.thisUpdate);
  await revoke(settings, "0A:0B", clock.now());
  assert.equal(list.has("0a0b"), false);
  await list.changed();
  assert.equal(list.has("0a0b"), true);
  assert.ok((await read()).findRevoked("0a0b"));
  assert.match(await list.pem(), /^-----BEGIN X509 CRL-----/);
});

test("revoke() writes a number down once, and refuses what is none", async () => {
  const settings = new MemorySettings();
  await revoke(settings, "0a0b", 1);
  assert.deepEqual(await revoke(settings, "0A0B", 2), { serial: "0a0b", revokedAtMs: 1 });
  assert.deepEqual(await readRevoked(settings), [{ serial: "0a0b", revokedAtMs: 1 }]);
  for (const wrong of ["", "xyz", "abc"]) {
    await assert.rejects(revoke(settings, wrong, 1), { code: "usage" });
  }
});
