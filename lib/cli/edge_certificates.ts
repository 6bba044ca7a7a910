/**
 * What `sallyport edge certificates` does: tells how every certificate of an edge fares, and revokes
 * one of the edge's own authority. Works on the data folder, whether or not the edge runs. Loaded
 * only when one of them runs.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { readRecords } from "../edge/certificates/acme_shelf.ts";
import { readRevoked, revoke } from "../edge/certificates/crl.ts";
import { AGENTS_FILE } from "../edge/certificates/dev_ca.ts";
import { readLeaf } from "../edge/certificates/x509.ts";
import type { Store } from "../store/store.ts";
import type { Cli } from "./command.ts";
import { openData } from "./edge_data.ts";

/** How a certificate fares. */
export interface CertificateState {
  /** What it is for. */
  readonly names: readonly string[];
  /** Who brings it: `acme`, `uploaded`, `own`. */
  readonly source: string;
  /** Its number; `null` where it takes the key to know. */
  readonly serial_number: string | null;
  /** How long it lasts; `null` while there is none. */
  readonly days_left: number | null;
  /** When it is renewed; `null` when nobody does. */
  readonly renews_at: string | null;
  /** What stands in the way, and when it is tried again. */
  readonly error: string | null;
  /** Likewise. */
  readonly retries_at: string | null;
}

const DAY_MS = 86_400_000;

/** Its own authority's leaves, as files of the data folder. */
const OWN_FILES = [AGENTS_FILE, "domains.pem"];

/**
 * Tells how every certificate fares.
 *
 * @param cli the machine
 * @param folder the data folder
 * @throws {TunnelError} not_found when no edge has run there
 */
export async function listCertificates(cli: Cli, folder: string): Promise<number> {
  const { runtime: { host, clock } } = cli;
  const store = await openData(cli.runtime, folder);
  try {
    const states = [
      ...await ownStates(cli, folder, store),
      ...await uploadedStates(store, clock.now()),
      ...await acmeStates(store, clock.now()),
    ];
    host.stdout.write(`${JSON.stringify(states, null, 2)}\n`);
    return 0;
  } finally {
    await store.close();
  }
}

async function ownStates(cli: Cli, folder: string, store: Store): Promise<CertificateState[]> {
  const { runtime: { host: { files }, clock } } = cli;
  const revoked = new Set((await readRevoked(store.settings)).map(({ serial }) => serial));
  const states: CertificateState[] = [];
  for (const file of OWN_FILES) {
    const path = `${folder}/certs/${file}`;
    if (await files.stat(path) === undefined) continue;
    const { names, serial, notBeforeMs, notAfterMs } = await readLeaf(await files.readText(path));
    const renewsAtMs = notAfterMs - (notAfterMs - notBeforeMs) / 3;
    states.push({
      ...stateOf("own", names, notAfterMs, clock.now()),
      serial_number: serial,
      renews_at: new Date(renewsAtMs).toISOString(),
      error: revoked.has(serial) ? "It was revoked: the edge makes another one" : null,
    });
  }
  return states;
}

async function uploadedStates(store: Store, nowMs: number): Promise<CertificateState[]> {
  const rows = await store.tls_certificates.findAnywhere({});
  return rows.map(({ facts }) => {
    const names = facts.subject_alternative_names as { readonly dns_names?: string[] } | undefined;
    const notAfterMs = Date.parse(String(facts.not_after));
    return {
      ...stateOf("uploaded", names?.dns_names ?? [], notAfterMs, nowMs),
      serial_number: String(facts.serial_number ?? "") || null,
    };
  });
}

async function acmeStates(store: Store, nowMs: number): Promise<CertificateState[]> {
  return (await readRecords(store.settings)).map(({ names, issued, trouble }) => ({
    ...stateOf("acme", names, issued?.notAfterMs, nowMs),
    renews_at: issued ? new Date(issued.renewsAtMs).toISOString() : null,
    error: trouble?.message ?? null,
    retries_at: trouble ? new Date(trouble.retriesAtMs).toISOString() : null,
  }));
}

function stateOf(
  source: string,
  names: readonly string[],
  notAfterMs: number | undefined,
  nowMs: number,
): CertificateState {
  const isThere = notAfterMs !== undefined && !Number.isNaN(notAfterMs);
  return {
    names,
    source,
    serial_number: null,
    days_left: isThere ? Math.floor((notAfterMs - nowMs) / DAY_MS) : null,
    renews_at: null,
    error: null,
    retries_at: null,
  };
}

/**
 * Revokes a certificate of the edge's own authority.
 *
 * @param cli the machine
 * @param folder the data folder
 * @param which its number, or `agents` for the one that agents see
 * @throws {TunnelError} not_found, usage
 */
export async function revokeCertificate(cli: Cli, folder: string, which: string): Promise<number> {
  const { runtime: { host, clock } } = cli;
  const store = await openData(cli.runtime, folder);
  try {
    const serial = which === "agents" ? await agentsSerial(cli, folder) : which;
    const revoked = await revoke(store.settings, serial, clock.now());
    const answer = {
      serial_number: revoked.serial,
      revoked_at: new Date(revoked.revokedAtMs).toISOString(),
    };
    host.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
    return 0;
  } finally {
    await store.close();
  }
}

async function agentsSerial(cli: Cli, folder: string): Promise<string> {
  const { files } = cli.runtime.host;
  const path = `${folder}/certs/${AGENTS_FILE}`;
  if (await files.stat(path) === undefined) {
    throw new TunnelError(
      "not_found",
      `Cannot revoke the certificate that agents see: there is none in "${path}"`,
    );
  }
  return (await readLeaf(await files.readText(path))).serial;
}
