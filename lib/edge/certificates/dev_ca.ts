/**
 * The authority that is the edge's own: one leaf for the agents' door, and where nobody else vouches
 * for a name ("development CA") one for the base domains and one for each other name that is online,
 * made when it is first asked for. What is kept lies in the data folder, readable for its owner
 * alone; every leaf is renewed before it ends, also while the edge runs.
 *
 * Made by `certificates.ts`, which asks it last.
 *
 * @module
 */
import { encodeText, toHex } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { TunnelError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Files } from "../../runtime/host.ts";
import type { Certificate } from "../../runtime/net.ts";
import type { Settings } from "../../store/store.ts";
import { type Authority, type Issued, issueLeaf, LEAF_DAYS, makeAuthority } from "./maker.ts";
import { RevocationList } from "./crl.ts";
import { LeafCache } from "./leaf_cache.ts";

/** How certificates are made and kept. */
export interface DevAuthorityOptions {
  /** Where they are kept; with no folder they last as long as the edge. */
  readonly files: Files;
  /** The data folder. */
  readonly dataDir: string | undefined;
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** Base domains. */
  readonly domains: readonly string[];
  /** Further names and addresses by which agents reach their door. */
  readonly agentNames: readonly string[];
  /** Where the list of revoked certificates is, for the agents' leaf; asked when one is made. */
  readonly crlUrl?: (() => string | undefined) | undefined;
  /** Where revoked certificates are written down. */
  readonly revokedSettings?: Pick<Settings, "get"> | undefined;
  /** The name of the endpoint that serves a host, wildcard included; `undefined` when none does. */
  readonly endpointHost: (serverName: string) => string | undefined;
}

/** The edge's own authority. */
export interface DevAuthority {
  /** The certificate of the authority: what agents and browsers are told to trust. */
  readonly caPem: string;
  /** Where it lies, when there is a data folder. */
  readonly caPath: string | undefined;
  /** Which of its certificates are not to be trusted any more. */
  readonly revocations: RevocationList;
  /** For the agents' door. */
  agentCertificate(): Promise<Certificate>;
  /** For a visitor that asks for this name, or for none. */
  certificateFor(serverName: string | undefined): Promise<Certificate>;
}

/** A leaf is renewed when a third of its life is left. */
const RENEW_MS = (LEAF_DAYS / 3) * 86_400_000;

/** The file of the leaf that agents see. */
export const AGENTS_FILE = "agents.pem";

/** Leaves kept in memory for names beyond the base domains; the least recently used go. */
const MAX_LEAVES = 1_000;

/**
 * Opens the authority of an edge: loads what the data folder has, makes what is missing.
 *
 * @param options where they are kept, for which names
 * @throws {TunnelError} config_invalid when the folder has half an authority; io_failed …
 */
export async function openDevAuthority(options: DevAuthorityOptions): Promise<DevAuthority> {
  const { files, dataDir, clock } = options;
  const folder = dataDir === undefined ? undefined : `${dataDir}/certs`;
  if (folder !== undefined) await files.makeDir(folder);
  const authority = await openAuthority(files, folder, clock.now());
  const caPath = folder === undefined ? undefined : `${folder}/ca.pem`;
  const revocations = new RevocationList(options.revokedSettings, authority, clock);
  await revocations.changed();
  return new OwnAuthority(options, authority, folder, caPath, revocations);
}

async function openAuthority(
  files: Files,
  folder: string | undefined,
  nowMs: number,
): Promise<Authority> {
  if (folder === undefined) return await makeAuthority(nowMs);
  const certPath = `${folder}/ca.pem`;
  const keyPath = `${folder}/ca-key.pem`;
  const certThere = await files.stat(certPath) !== undefined;
  const keyThere = await files.stat(keyPath) !== undefined;
  if (certThere && !keyThere) {
    throw new TunnelError(
      "config_invalid",
      `Cannot sign certificates: "${certPath}" is there, but its key "${keyPath}" is not; ` +
        "restore the key, or delete both to get a new authority",
    );
  }
  if (certThere) {
    return { certPem: await files.readText(certPath), keyPem: await files.readText(keyPath) };
  }
  const authority = await makeAuthority(nowMs);
  // The key first: a start that was interrupted between the two begins again.
  await files.write(keyPath, authority.keyPem, { mode: 0o600 });
  await files.write(certPath, authority.certPem, { mode: 0o600 });
  return authority;
}

class OwnAuthority implements DevAuthority {
  readonly caPem: string;
  readonly caPath: string | undefined;
  readonly revocations: RevocationList;
  readonly #options: DevAuthorityOptions;
  readonly #authority: Authority;
  readonly #folder: string | undefined;
  readonly #leaves = new LeafCache<Issued>(MAX_LEAVES);

  constructor(
    options: DevAuthorityOptions,
    authority: Authority,
    folder: string | undefined,
    caPath: string | undefined,
    revocations: RevocationList,
  ) {
    this.#options = options;
    this.#authority = authority;
    this.#folder = folder;
    this.caPem = authority.certPem;
    this.caPath = caPath;
    this.revocations = revocations;
  }

  agentCertificate(): Promise<Certificate> {
    const { domains, agentNames } = this.#options;
    const names = [
      ...domains.map((domain) => `connect.${domain}`),
      ...domains,
      ...agentNames,
      "localhost",
      "127.0.0.1",
      "::1",
    ];
    const crlUrl = this.#options.crlUrl?.();
    return this.#leaf("agents", [...new Set(names)], AGENTS_FILE, crlUrl);
  }

  certificateFor(serverName: string | undefined): Promise<Certificate> {
    const { domains, agentNames, endpointHost } = this.#options;
    if (serverName === undefined) return this.agentCertificate();
    const name = serverName.toLowerCase();
    if (domains.some((domain) => name === `connect.${domain}`)) return this.agentCertificate();
    const parent = name.slice(name.indexOf(".") + 1);
    const domain = domains.find((domain) => name === domain || parent === domain);
    if (domain !== undefined) {
      // Clients do not accept "*.localhost": a wildcard needs two labels behind it.
      return domain.includes(".") || name === domain ? this.#domainLeaf() : this.#hostLeaf(name);
    }
    const host = endpointHost(name);
    // A wildcard of an endpoint covers any depth, one in a certificate a single label.
    if (host !== undefined) return this.#hostLeaf(host === `*.${parent}` ? host : name);
    if (agentNames.includes(name) || name === "localhost") return this.agentCertificate();
    // Nobody asked for that name: strangers must not make us sign whatever they type.
    return this.#domainLeaf();
  }

  #domainLeaf(): Promise<Certificate> {
    const names = this.#options.domains.flatMap((domain) =>
      domain.includes(".") ? [domain, `*.${domain}`] : [domain]
    );
    return this.#leaf("domains", names, "domains.pem");
  }

  #hostLeaf(host: string): Promise<Certificate> {
    return this.#leaf(`host:${host}`, [host]);
  }

  /**
   * A leaf that is fresh.
   *
   * @param slot its place in memory
   * @param names what it is for
   * @param fileName where it is kept, when there is a folder
   * @param crlUrl where the list of revoked certificates is
   */
  #leaf(
    slot: string,
    names: readonly string[],
    fileName?: string,
    crlUrl?: string,
  ): Promise<Issued> {
    return this.#leaves.get(
      slot,
      (leaf) => this.#isFresh(leaf, names),
      () => this.#obtain(names, fileName, crlUrl),
    );
  }

  async #obtain(
    names: readonly string[],
    fileName: string | undefined,
    crlUrl: string | undefined,
  ): Promise<Issued> {
    const { files, clock, logger } = this.#options;
    const path = this.#folder !== undefined && fileName !== undefined
      ? `${this.#folder}/${fileName}`
      : undefined;
    const signer = await fingerprint(this.caPem);
    const kept = path === undefined || await files.stat(path) === undefined
      ? undefined
      : parseKept(await files.readText(path), signer, crlUrl);
    if (kept && this.#isFresh(kept, names)) return kept;
    const leaf = await issueLeaf(this.#authority, names, clock.now(), crlUrl);
    if (path !== undefined) {
      await files.write(path, formatKept(leaf, signer, crlUrl), { mode: 0o600 });
    }
    logger.log("debug", "certificate was made", { names: names.join(" ") });
    return leaf;
  }

  #isFresh(leaf: Issued, names: readonly string[]): boolean {
    return leaf.notAfterMs - this.#options.clock.now() > RENEW_MS &&
      leaf.names.join(" ") === names.join(" ") && !this.revocations.has(leaf.serial);
  }
}

/**
 * A leaf as a file: PEM, with what must be known about it in front. PEM readers skip such lines
 * (RFC 7468 section 2), and ours need not load the X.509 library to look at the date.
 */
function formatKept(leaf: Issued, signer: string, crlUrl: string | undefined): string {
  const facts = {
    names: leaf.names.join(" "),
    until: new Date(leaf.notAfterMs).toISOString(),
    signer,
    serial: leaf.serial,
    crl: crlUrl ?? "none",
  };
  const lines = Object.entries(facts).map(([name, value]) => `${name}: ${value}\n`).join("");
  return lines + leaf.chainPem + leaf.keyPem;
}

function parseKept(text: string, signer: string, crlUrl: string | undefined): Issued | undefined {
  const fact = (name: string) => new RegExp(`^${name}: (.+)$`, "m").exec(text)?.[1];
  const names = fact("names")?.split(" ");
  const notAfterMs = Date.parse(fact("until") ?? "");
  const serial = fact("serial");
  const chainPem = /-----BEGIN CERTIFICATE-----[^]*-----END CERTIFICATE-----\n/.exec(text)?.[0];
  const keyPem = /-----BEGIN PRIVATE KEY-----[^]*-----END PRIVATE KEY-----\n/.exec(text)?.[0];
  // Damaged, cut, or of an authority that was replaced: a leaf is made anew, for that costs nothing.
  if (!names || Number.isNaN(notAfterMs) || !serial || !chainPem || !keyPem) return undefined;
  if (fact("signer") !== signer || fact("crl") !== (crlUrl ?? "none")) return undefined;
  return { names, notAfterMs, serial, chainPem, keyPem };
}

async function fingerprint(pem: string): Promise<string> {
  const bytes = new Uint8Array(encodeText(pem));
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
