/**
 * The names of their own under which accounts' agents reach the edge (`agent_ingresses` of the API).
 * Only agents of the account may connect there.
 *
 * `edge.ts` keeps it up to date; the doors ask it which names are agents', the agents' side whose.
 *
 * @module
 */
import { toTunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Store } from "../store/store.ts";
import type { AgentIngressRow } from "../store/tables.ts";

/** What is read of the store. */
export type IngressStore = Pick<Store, "agent_ingresses">;

/** The ingress names of all accounts. */
export class Ingresses {
  readonly #store: IngressStore | undefined;
  readonly #logger: Logger;
  #rows = new Map<string, AgentIngressRow>();

  /**
   * Knows none yet.
   *
   * @param store where they lie; without accounts there are none
   * @param logger where lines go
   */
  constructor(store: IngressStore | undefined, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** Whose a name is; `undefined` when it is no ingress. */
  accountOf(name: string): string | undefined {
    return this.#rows.get(name)?.account_id;
  }

  /** What is known of a name; `undefined` when it is no ingress. */
  rowOf(name: string): AgentIngressRow | undefined {
    return this.#rows.get(name);
  }

  /** All of them. */
  rows(): Iterable<AgentIngressRow> {
    return this.#rows.values();
  }

  /** Something in the store has changed. Never rejects: what was known holds until it can be read. */
  async refresh(): Promise<void> {
    if (!this.#store) return;
    try {
      const rows = await this.#store.agent_ingresses.findAnywhere({});
      this.#rows = new Map(rows.map((row) => [row.domain, row]));
    } catch (thrown) {
      const { message: err } = toTunnelError(thrown);
      this.#logger.log("error", "agent ingresses could not be read", { err });
    }
  }
}
