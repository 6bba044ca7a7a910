/**
 * What accounts have reserved, as binding asks for it: names and tcp addresses. Every question goes
 * to the store, so what was reserved a moment ago counts.
 *
 * Called by `bind.ts`.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import type { Store } from "../store/store.ts";
import { checkName, decisiveNames } from "./reserved_names.ts";

/** A tcp address that somebody wants. */
export interface AddressWish {
  /** Who. */
  readonly accountId: string;
  /** The name in front of the port; it leads to the same place as every other name of the edge. */
  readonly host: string;
  /** The port. */
  readonly port: number;
  /** Whether the agent had it before a reconnect: then it need not be reserved. */
  readonly isKept: boolean;
}

/** Whose names and addresses are. */
export interface Reservations {
  /**
   * Refuses a name that the account may not have.
   *
   * @param accountId who wants it
   * @param host normalized; the first label may be `*`
   * @throws {TunnelError} refused with 318, 319, 320, 321 or 354
   */
  checkHost(accountId: string, host: string): Promise<void>;
  /**
   * Refuses a tcp address that the account may not have.
   *
   * @throws {TunnelError} refused with 307 or 309
   */
  checkAddress(wish: AddressWish): Promise<void>;
  /** Ports that are nobody's luck: they are reserved. */
  reservedPorts(): Promise<ReadonlySet<number>>;
}

/** Nothing is reserved, and nothing has to be: an edge without accounts. */
export const NO_RESERVATIONS: Reservations = {
  checkHost: () => Promise.resolve(),
  checkAddress: () => Promise.resolve(),
  reservedPorts: () => Promise.resolve(new Set<number>()),
};

/** What is read of the store. */
export type ReservationStore = Pick<Store, "accounts" | "reserved_domains" | "reserved_addrs">;

/** What deciding needs. */
export interface StoreReservationsOptions {
  /** Where everything lies. */
  readonly store: ReservationStore;
  /** The base domains of the edge. */
  readonly domains: readonly string[];
  /** Whether names and ports must be reserved; `undefined`: as soon as there is more than one account. */
  readonly requireReservations: boolean | undefined;
}

/** The reservations in a store. */
export class StoreReservations implements Reservations {
  readonly #options: StoreReservationsOptions;

  /**
   * Reads nothing yet.
   *
   * @param options store, domains, what must be reserved
   */
  constructor(options: StoreReservationsOptions) {
    this.#options = options;
  }

  /** Refuses a name that the account may not have. */
  async checkHost(accountId: string, host: string): Promise<void> {
    const { store, domains } = this.#options;
    const rows = await store.reserved_domains.findAnyOf("domain", decisiveNames(host));
    const mustReserve = await this.#mustReserve();
    checkName({ accountId, host, domains, mustReserve }, rows);
  }

  /** Refuses a tcp address that the account may not have. */
  async checkAddress(wish: AddressWish): Promise<void> {
    const { accountId, host, port, isKept } = wish;
    const rows = await this.#options.store.reserved_addrs.findAnywhere({});
    // All names of the edge lead to its one set of ports, so the port alone decides.
    const owner = rows.find((row) => portOf(row.addr) === port);
    if (owner && owner.account_id !== accountId) {
      throw refuse(309, `Cannot bind "${host}:${port}": it belongs to another account`);
    }
    if (owner || isKept || !await this.#mustReserve()) return;
    throw refuse(
      307,
      `Cannot bind "${host}:${port}": the account has not reserved that address; leave it out to get any free one`,
    );
  }

  /** Ports that are reserved, whoever did. */
  async reservedPorts(): Promise<ReadonlySet<number>> {
    const rows = await this.#options.store.reserved_addrs.findAnywhere({});
    return new Set(rows.map((row) => portOf(row.addr)));
  }

  async #mustReserve(): Promise<boolean> {
    const { store, requireReservations } = this.#options;
    return requireReservations ?? await store.accounts.count() > 1;
  }
}

/** The port of `host:port`. */
function portOf(addr: string): number {
  return Number(addr.slice(addr.lastIndexOf(":") + 1));
}

function refuse(ngrokCode: number, message: string): TunnelError {
  return new TunnelError("refused", message, { ngrokCode });
}
