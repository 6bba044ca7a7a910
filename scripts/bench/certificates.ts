/**
 * The certificate of the relays between whose halves TLS is spoken.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeCa } from "../../tests/fakes/certs.ts";

/** Whom the certificate is for. */
export const RELAY_NAME = "relay.test";

/** The files. */
export interface RelayCertificate {
  /** Whom to trust. */
  readonly caFile: string;
  /** The leaf. */
  readonly chainFile: string;
  /** Its key. */
  readonly keyFile: string;
  /** Leaf and key in one file, as HAProxy wants it. */
  readonly bothFile: string;
}

/** Makes a CA and a leaf (ECDSA P-256, as the edge's own) in `folder`. */
export async function makeRelayCertificate(folder: string): Promise<RelayCertificate> {
  const ca = await makeCa("Benchmark");
  const leaf = await ca.leaf([RELAY_NAME]);
  const files = {
    caFile: join(folder, "ca.pem"),
    chainFile: join(folder, "chain.pem"),
    keyFile: join(folder, "key.pem"),
    bothFile: join(folder, "both.pem"),
  };
  writeFileSync(files.caFile, ca.caPem);
  writeFileSync(files.chainFile, leaf.chainPem);
  writeFileSync(files.keyFile, leaf.keyPem, { mode: 0o600 });
  writeFileSync(files.bothFile, leaf.chainPem + leaf.keyPem, { mode: 0o600 });
  return files;
}
