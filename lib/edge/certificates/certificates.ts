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
import { toTunnelError } from "../../base/errors.ts";
import type { Certificate } from "../../runtime/net.ts";
import type { AgentIngressRow } from "../../store/tables.ts";
import type { CertificateSource } from "../door_tls.ts";
import { type Acme, type AcmeParts, openAcme } from "./acme.ts";
import type { CertificateRecord } from "./acme_shelf.ts";
import type { ChallengeAnswers } from "./challenges.ts";
import type { RevocationList } from "./crl.ts";
import { type DevAuthority, type DevAuthorityOptions, openDevAuthority } from "./dev_ca.ts";
import {
  type CertificateFiles,
  type FileCertificates,
  type LoadedCertificate,
  openFileCertificates,
} from "./files.ts";
import { StoredCertificates, type StoredCertificatesOptions } from "./stored.ts";
import type { WantedFacts } from "./wanted.ts";

/** Where the certificates of an edge come from. */
export interface CertificatesOptions extends DevAuthorityOptions {
  /** Accounts' own; absent on an edge without accounts. */
  readonly stored?: Omit<StoredCertificatesOptions, "logger"> | undefined;
  /** The operator's: a list, or a folder. */
  readonly certificateFiles?: string | readonly CertificateFiles[] | undefined;
  /** How often those are looked at. */
  readonly filesWatchMs?: number;
  /** Automatic certificates. */
  readonly acme?: Omit<AcmeParts, "facts" | "logger"> | undefined;
  /** The public endpoint that serves a host, wildcard included. */
  readonly endpointOf?: WantedFacts["endpointOf"];
  /** The names that accounts have for their agents. @default none */
  readonly ingresses?: {
    /** What is known of one. */
    rowOf(name: string): AgentIngressRow | undefined;
    /** All of them. */
    rows(): Iterable<AgentIngressRow>;
  } | undefined;
  /** Whether agents are served as visitors are, not by the edge's own authority. @default {false} */
  readonly publicAgents?: boolean;
}

/** The certificates of an edge. */
export interface Certificates extends CertificateSource {
  /** The certificate of the edge's own authority: what agents are told to trust. */
  readonly caPem: string;
  /** Where it lies, when there is a data folder. */
  readonly caPath: string | undefined;
  /** Which certificates of its own authority are not to be trusted any more. */
  readonly revocations: RevocationList;
  /** What the doors answer to a server that wants names proved; `undefined` without automatic certificates. */
  readonly answers: ChallengeAnswers | undefined;
  /** For the agents' door. */
  agentCertificate(): Certificate | Promise<Certificate>;
  /** The doors are open: automatic certificates are asked for from now on. */
  start(): void;
  /** The certificates that are got automatically, and how they fare. */
  records(): CertificateRecord[];
  /** The record that a name's own certificate has, or will have. */
  recordOf(name: string): CertificateRecord | undefined;
  /** The chain of the certificate that a name got automatically, as PEM. */
  chainOf(name: string): Promise<string | undefined>;
  /** What the operator has in files. */
  loaded(): LoadedCertificate[];
  /** When which certificate ends, of those that somebody has to care about. */
  measured(): { readonly name: string; readonly notAfterMs: number }[];
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
  const acme = options.acme && await openAcme({
    ...options.acme,
    logger,
    facts: {
      domains: options.domains,
      publicAgents: options.publicAgents ?? false,
      isCovered: (name) => operator?.find(name) !== undefined,
      ownerOf: (name) => store?.ownerOf(name),
      reserved: () => store?.domains ?? [],
      endpointOf: (name) => options.endpointOf?.(name),
      ingressOf: (name) => options.ingresses?.rowOf(name),
      ingresses: () => options.ingresses?.rows() ?? [],
    },
  });
  return new AllCertificates(options, own, store, operator, acme);
}

class AllCertificates implements Certificates {
  readonly #options: CertificatesOptions;
  readonly #own: DevAuthority;
  readonly #stored: StoredCertificates | undefined;
  readonly #operator: FileCertificates | undefined;
  readonly #acme: Acme | undefined;

  constructor(
    options: CertificatesOptions,
    own: DevAuthority,
    stored: StoredCertificates | undefined,
    operator: FileCertificates | undefined,
    acme: Acme | undefined,
  ) {
    this.#options = options;
    this.#own = own;
    this.#stored = stored;
    this.#operator = operator;
    this.#acme = acme;
  }

  get caPem(): string {
    return this.#own.caPem;
  }

  get caPath(): string | undefined {
    return this.#own.caPath;
  }

  get revocations(): RevocationList {
    return this.#own.revocations;
  }

  get answers(): ChallengeAnswers | undefined {
    return this.#acme?.answers;
  }

  start(): void {
    this.#acme?.keeper.start();
  }

  records(): CertificateRecord[] {
    return this.#acme?.keeper.records ?? [];
  }

  recordOf(name: string): CertificateRecord | undefined {
    return this.#acme?.keeper.recordOf(name);
  }

  async chainOf(name: string): Promise<string | undefined> {
    return await this.#acme?.keeper.chainOf(name);
  }

  loaded(): LoadedCertificate[] {
    return this.#operator?.all ?? [];
  }

  measured(): { readonly name: string; readonly notAfterMs: number }[] {
    const got = this.records().flatMap(({ names, issued }) =>
      issued ? [{ name: names.at(-1)!, notAfterMs: issued.notAfterMs }] : []
    );
    return [
      ...got,
      ...this.loaded().map(({ names, notAfterMs }) => ({ name: names[0], notAfterMs })),
    ];
  }

  agentCertificate(): Certificate | Promise<Certificate> {
    const { publicAgents, domains } = this.#options;
    return publicAgents ? this.#public(`connect.${domains[0]}`) : this.#own.agentCertificate();
  }

  certificateFor(serverName: string | undefined): Certificate | Promise<Certificate> {
    const name = serverName?.toLowerCase();
    if (name === undefined) return this.agentCertificate();
    if (this.#isAgentName(name)) {
      return this.#options.publicAgents ? this.#public(name) : this.#own.certificateFor(name);
    }
    const attached = this.#stored?.find(name);
    if (attached) return attached.then((certificate) => certificate ?? this.#public(name));
    return this.#public(name);
  }

  challengeFor(serverName: string): Certificate | undefined {
    return this.#acme?.answers.tlsAnswer(serverName);
  }

  #public(name: string): Certificate | Promise<Certificate> {
    const loaded = this.#operator?.find(name)?.certificate ?? this.#acme?.keeper.find(name);
    if (loaded === undefined) return this.#own.certificateFor(name);
    if (!(loaded instanceof Promise)) return loaded;
    return loaded.then((certificate) => certificate ?? this.#own.certificateFor(name));
  }

  #isAgentName(name: string): boolean {
    return this.#options.domains.some((domain) => name === `connect.${domain}`);
  }

  async changed(): Promise<void> {
    try {
      await this.#stored?.changed();
      await this.#own.revocations.changed();
      this.#acme?.keeper.tick();
    } catch (thrown) {
      const { message: err } = toTunnelError(thrown);
      this.#options.logger.log("error", "certificates in the store could not be read", { err });
    }
  }

  async reload(): Promise<void> {
    await this.#operator?.look();
  }

  async close(): Promise<void> {
    this.#operator?.close();
    await this.#acme?.keeper.close();
  }
}
