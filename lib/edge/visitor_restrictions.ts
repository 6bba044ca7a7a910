/**
 * Where the visitors of an account's endpoints may come from (edge N): its IP restrictions of type
 * `endpoints`, for all of its public endpoints at once. Kept in memory as they are in the store, so
 * that asking costs nothing where there are none.
 *
 * `edge.ts` makes one; both HTTP doors and the raw ones ask it.
 *
 * @module
 */
import { toTunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Store } from "../store/store.ts";
import { type AgentRestriction, failedBy, loadRestrictions } from "./ip_restrictions.ts";

/** What is read of the store. */
export type VisitorRestrictionStore = Pick<
  Store,
  "accounts" | "ip_restrictions" | "ip_policy_rules"
>;

/** The restrictions of visitors. */
export class VisitorRestrictions {
  readonly #logger: Logger;
  readonly #byAccount = new Map<string, readonly AgentRestriction[]>();
  #store: VisitorRestrictionStore | undefined;

  /**
   * Everybody may come.
   *
   * @param logger hears of those who would be refused
   */
  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Reads from this store from now on. @throws {TunnelError} io_failed */
  async open(store: VisitorRestrictionStore): Promise<void> {
    this.#store = store;
    for (const { id } of await store.accounts.list()) await this.#load(store, id);
  }

  /**
   * Something in the store has changed. Never rejects: what cannot be read stays as it was.
   *
   * @param accountId whose; without it everybody's are read again
   */
  async changed(accountId?: string): Promise<void> {
    const store = this.#store;
    if (!store) return;
    try {
      const ids = accountId === undefined
        ? (await store.accounts.list()).map(({ id }) => id)
        : [accountId];
      for (const id of ids) await this.#load(store, id);
    } catch (thrown) {
      const { message: err } = toTunnelError(thrown);
      this.#logger.log("error", "IP restrictions could not be read again", { err });
    }
  }

  /**
   * Whether a visitor may not come in.
   *
   * @param accountId whose endpoint it came to
   * @param host its IP address
   */
  refuses(accountId: string, host: string): boolean {
    if (this.#byAccount.size === 0) return false;
    const restrictions = this.#byAccount.get(accountId);
    if (!restrictions) return false;
    const failed = failedBy(restrictions, host);
    for (const { id, isEnforced } of failed) {
      if (isEnforced) return true;
      const fields = { account: accountId, restriction: id, remote: host };
      this.#logger.log("warn", "visitor would be refused by its address", fields);
    }
    return false;
  }

  async #load(store: VisitorRestrictionStore, accountId: string): Promise<void> {
    const found = await loadRestrictions(store, accountId, "endpoints");
    if (found.length > 0) this.#byAccount.set(accountId, found);
    else this.#byAccount.delete(accountId);
  }
}
