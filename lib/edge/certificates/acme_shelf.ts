/**
 * What must be remembered of ACME over restarts: the account, the certificates, and what stands in
 * the way of those that there are not. It lies in the store, keys sealed, so that backups have it
 * and all nodes on one database share it.
 *
 * Used by `acme_keeper.ts`; `sallyport edge certificates` reads it without the keys.
 *
 * @module
 */
import type { Sealer } from "../../store/seal.ts";
import type { Settings } from "../../store/store.ts";
import type { AccountShelf, KeptAccount } from "./acme_issuer.ts";
import type { KeyType, SignedCertificate } from "./issuer.ts";

/** Why there is no certificate, or no new one. */
export interface CertificateTrouble {
  /** How often it was tried. */
  readonly attempts: number;
  /** When it was tried first, milliseconds since 1970. */
  readonly startedAtMs: number;
  /** When it is tried again, likewise. */
  readonly retriesAtMs: number;
  /** `DNS_ERROR` is for the owner of the name to mend, `INTERNAL_ERROR` for the operator (edge G6). */
  readonly errorCode: "DNS_ERROR" | "INTERNAL_ERROR";
  /** A sentence. */
  readonly message: string;
}

/** A certificate that the edge looks after, and how it fares. */
export interface CertificateRecord {
  /** Its names; the first one is what it is kept under. */
  readonly names: readonly string[];
  /** Whose; `undefined` is the edge's own. */
  readonly accountId?: string | undefined;
  /** The type of its key. */
  readonly keyType: KeyType;
  /** What was signed, if anything was. */
  readonly issued?: {
    /** Which server signed it. */
    readonly directoryUrl: string;
    /** Who signed it, in the words of the certificate. */
    readonly issuer: string;
    /** Milliseconds since 1970. */
    readonly notBeforeMs: number;
    /** Likewise. */
    readonly notAfterMs: number;
    /** When it is renewed, likewise. */
    readonly renewsAtMs: number;
    /** Chain and key, sealed. */
    readonly sealed: string;
  } | undefined;
  /** What stands in the way. */
  readonly trouble?: CertificateTrouble | undefined;
}

const RECORDS = "acme/certificate/";
const ACCOUNTS = "acme/account/";

/** Reads and writes the records. */
export class AcmeShelf {
  readonly #settings: Settings;
  readonly #sealer: Sealer;

  /**
   * Reads nothing yet.
   *
   * @param settings where they lie
   * @param sealer seals keys
   */
  constructor(settings: Settings, sealer: Sealer) {
    this.#settings = settings;
    this.#sealer = sealer;
  }

  /** All records, sorted by name. */
  async records(): Promise<CertificateRecord[]> {
    return await readRecords(this.#settings);
  }

  /** Keeps a record. */
  async save(record: CertificateRecord): Promise<void> {
    await this.#settings.set(RECORDS + record.names[0], JSON.stringify(record));
  }

  /** Forgets a record. */
  async remove(record: CertificateRecord): Promise<void> {
    await this.#settings.remove(RECORDS + record.names[0]);
  }

  /** Seals what was signed for a name. */
  async seal(name: string, { chainPem, keyPem }: SignedCertificate): Promise<string> {
    return await this.#sealer.seal(JSON.stringify({ chainPem, keyPem }), RECORDS + name);
  }

  /**
   * Opens what was signed for a name.
   *
   * @throws {TunnelError} config_invalid when it was sealed with another master key
   */
  async open(name: string, sealed: string): Promise<SignedCertificate> {
    return JSON.parse(await this.#sealer.open(sealed, RECORDS + name)) as SignedCertificate;
  }

  /** The account at one server. */
  account(directoryUrl: string): AccountShelf {
    const name = ACCOUNTS + directoryUrl;
    return {
      load: async () => {
        const sealed = await this.#settings.get(name);
        return sealed === undefined
          ? undefined
          : JSON.parse(await this.#sealer.open(sealed, name)) as KeptAccount;
      },
      save: async (account) => {
        await this.#settings.set(name, await this.#sealer.seal(JSON.stringify(account), name));
      },
    };
  }
}

/**
 * All records of a store, for who needs no keys.
 *
 * @param settings where they lie
 */
export async function readRecords(settings: Settings): Promise<CertificateRecord[]> {
  const found = await settings.entries(RECORDS);
  return found.map(([, text]) => JSON.parse(text) as CertificateRecord);
}
