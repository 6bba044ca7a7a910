/**
 * What accounts have said about the certificates of their names: which uploaded one a reserved
 * domain is served with, and which domains want theirs got for them. A picture of the store in
 * memory, taken anew when the store changes, for every handshake asks it.
 *
 * Opened by `certificates.ts`, which asks it first.
 *
 * @module
 */
import { toTunnelError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Certificate } from "../../runtime/net.ts";
import type { Sealer } from "../../store/seal.ts";
import type { Store } from "../../store/store.ts";
import type { ReservedDomainRow } from "../../store/tables.ts";
import { decisiveNames } from "../reserved_names.ts";
import { LeafCache } from "./leaf_cache.ts";

/** The part of the store that is read. */
export type StoredCertificatesStore = Pick<Store, "reserved_domains" | "tls_certificates">;

/** Where everything lies. */
export interface StoredCertificatesOptions {
  /** The store. */
  readonly store: StoredCertificatesStore;
  /** Opens private keys. */
  readonly sealer: Sealer;
  /** Where lines go. */
  readonly logger: Logger;
}

/** Uploaded certificates kept open; the others are unsealed when they are asked for. */
const MAX_OPEN = 1_000;

/** What the store says about certificates. */
export class StoredCertificates {
  readonly #options: StoredCertificatesOptions;
  readonly #open = new LeafCache<Certificate | undefined>(MAX_OPEN);
  #rows: ReadonlyMap<string, ReservedDomainRow> = new Map();
  #reading: Promise<void> | undefined;
  #again: Promise<void> | undefined;

  /**
   * Knows nothing before {@linkcode changed} was called.
   *
   * @param options where everything lies
   */
  constructor(options: StoredCertificatesOptions) {
    this.#options = options;
  }

  /**
   * The store has changed: takes another picture.
   *
   * @returns when it shows what was in the store at the call
   */
  changed(): Promise<void> {
    if (!this.#reading) {
      return this.#reading = this.#read().finally(() => this.#reading = undefined);
    }
    // What is being read may be older than the change; one more look serves all who ask meanwhile.
    return this.#again ??= this.#reading.catch(() => {}).then(() => {
      this.#again = undefined;
      return this.changed();
    });
  }

  async #read(): Promise<void> {
    const rows = await this.#options.store.reserved_domains.findAnywhere({});
    this.#rows = new Map(rows.map((row) => [row.domain, row]));
  }

  /** Every reserved domain. */
  get domains(): Iterable<ReservedDomainRow> {
    return this.#rows.values();
  }

  /**
   * The reservation that decides about a name: itself, or the nearest one above it.
   *
   * @param name lower case
   */
  ownerOf(name: string): ReservedDomainRow | undefined {
    for (const candidate of decisiveNames(name)) {
      const row = this.#rows.get(candidate);
      if (row) return row;
    }
    return undefined;
  }

  /**
   * The certificate that an account wants a name to be served with.
   *
   * @param name lower case
   * @returns `undefined` when it wants none, or it cannot be opened
   */
  find(name: string): Promise<Certificate | undefined> | undefined {
    const row = this.attachedTo(name);
    if (!row) return undefined;
    const { account_id, certificate_id: id } = row;
    return this.#open.get(id!, () => true, () => this.#load(account_id, id!));
  }

  /** The reserved domain with an uploaded certificate that serves a name: exactly, or a wildcard. */
  attachedTo(name: string): ReservedDomainRow | undefined {
    if (this.#rows.size === 0) return undefined;
    const owner = this.ownerOf(name);
    if (!owner) return undefined;
    for (const candidate of decisiveNames(name)) {
      const row = this.#rows.get(candidate);
      const fits = candidate === name || candidate.startsWith("*.");
      // A name may be cut out of a wildcard, but only by who has both.
      if (row?.certificate_id && fits && row.account_id === owner.account_id) return row;
    }
    return undefined;
  }

  async #load(accountId: string, id: string): Promise<Certificate | undefined> {
    const { store, sealer, logger } = this.#options;
    try {
      const row = await store.tls_certificates.get(accountId, id);
      if (!row) return undefined;
      const keyPem = await sealer.open(row.private_key_sealed, `tls_certificates/${id}`);
      return { chainPem: row.certificate_pem, keyPem };
    } catch (thrown) {
      const { message: err } = toTunnelError(thrown);
      logger.log("error", "uploaded certificate cannot be used", { certificate: id, err });
      return undefined;
    }
  }
}
