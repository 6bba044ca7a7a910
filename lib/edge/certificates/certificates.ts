/**
 * Which certificate a visitor gets. Asked in this order, and the first that has one answers:
 *
 * 1. the certificate that an account has uploaded and attached to its reserved domain
 * 2. a certificate that the operator keeps in files
 * 3. one that was got from an ACME server
 * 4. the edge's own authority ("development CA")
 *
 * Agents are served by the edge's own authority, whose certificate they have been given, unless the
 * operator wants a public one there too.
 *
 * Opened by `edge.ts`; the doors ask it for each connection.
 *
 * @module
 */
import type { Certificate } from "../../runtime/net.ts";
import type { CertificateSource } from "../door_tls.ts";
import { type DevAuthority, type DevAuthorityOptions, openDevAuthority } from "./dev_ca.ts";
import { type CertificateFiles, type FileCertificates, openFileCertificates } from "./files.ts";
import { StoredCertificates, type StoredCertificatesOptions } from "./stored.ts";

/** Where the certificates of an edge come from. */
export interface CertificatesOptions extends DevAuthorityOptions {
  /** Accounts' own; absent on an edge without accounts. */
  readonly stored?: Omit<StoredCertificatesOptions, "logger"> | undefined;
  /** The operator's: a list, or a folder. */
  readonly certificateFiles?: string | readonly CertificateFiles[] | undefined;
  /** How often those are looked at. */
  readonly filesWatchMs?: number;
}

/** The certificates of an edge. */
export interface Certificates extends CertificateSource {
  /** The certificate of the edge's own authority: what agents are told to trust. */
  readonly caPem: string;
  /** Where it lies, when there is a data folder. */
  readonly caPath: string | undefined;
  /** For the agents' door. */
  agentCertificate(): Promise<Certificate>;
  /** The store has changed. Never rejects. */
  changed(): Promise<void>;
  /** Looks at the operator's files now. */
  reload(): Promise<void>;
  /** Ends what is under way. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens the certificates of an edge.
 *
 * @param options where they come from
 * @throws {TunnelError} config_invalid, not_found, permission_denied, io_failed
 */
export async function openCertificates(options: CertificatesOptions): Promise<Certificates> {
  const { stored, certificateFiles, files, clock, logger } = options;
  const own = await openDevAuthority(options);
  const store = stored && new StoredCertificates({ ...stored, logger });
  await store?.changed();
  const operator = certificateFiles === undefined ? undefined : await openFileCertificates({
    files,
    clock,
    logger,
    from: certificateFiles,
    everyMs: options.filesWatchMs ?? 10_000,
  });
  return new AllCertificates(options, own, store, operator);
}

class AllCertificates implements Certificates {
  readonly #options: CertificatesOptions;
  readonly #own: DevAuthority;
  readonly #stored: StoredCertificates | undefined;
  readonly #operator: FileCertificates | undefined;

  constructor(
    options: CertificatesOptions,
    own: DevAuthority,
    stored: StoredCertificates | undefined,
    operator: FileCertificates | undefined,
  ) {
    this.#options = options;
    this.#own = own;
    this.#stored = stored;
    this.#operator = operator;
  }

  get caPem(): string {
    return this.#own.caPem;
  }

  get caPath(): string | undefined {
    return this.#own.caPath;
  }

  agentCertificate(): Promise<Certificate> {
    return this.#own.agentCertificate();
  }

  certificateFor(serverName: string | undefined): Certificate | Promise<Certificate> {
    const name = serverName?.toLowerCase();
    if (name === undefined || this.#isAgentName(name)) return this.#own.certificateFor(name);
    const attached = this.#stored?.find(name);
    if (attached) return attached.then((certificate) => certificate ?? this.#public(name));
    return this.#public(name);
  }

  #public(name: string): Certificate | Promise<Certificate> {
    return this.#operator?.find(name)?.certificate ?? this.#own.certificateFor(name);
  }

  #isAgentName(name: string): boolean {
    return this.#options.domains.some((domain) => name === `connect.${domain}`);
  }

  async changed(): Promise<void> {
    try {
      await this.#stored?.changed();
    } catch (thrown) {
      const err = thrown instanceof Error ? thrown.message : String(thrown);
      this.#options.logger.log("error", "certificates in the store could not be read", { err });
    }
  }

  async reload(): Promise<void> {
    await this.#operator?.look();
  }

  close(): Promise<void> {
    this.#operator?.close();
    return Promise.resolve();
  }
}
