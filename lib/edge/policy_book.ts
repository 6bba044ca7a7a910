/**
 * What policies take from their account while they run: the rules of its IP policies, kept as they
 * are in the store, and its certificate authorities. `agents_side.ts` makes one for an edge.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { concat } from "../base/bytes.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { IpRule } from "../http/cidr.ts";
import type { LiveIpRules, PolicyServices } from "../policy/action.ts";
import type { Codecs } from "../runtime/codecs.ts";
import type { Store } from "../store/store.ts";

/** What a book reads of the store. */
export type PolicyStore = Pick<
  Store,
  "ip_policies" | "ip_policy_rules" | "certificate_authorities"
>;

/** What a book needs. */
export interface PolicyBookOptions {
  /** Whose; an edge without accounts has none. */
  readonly store: PolicyStore | undefined;
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** Compressors. */
  readonly codecs?: Codecs | undefined;
  /** Numbers in [0, 1). @default {Math.random} */
  readonly random?: () => number;
}

/** How long fetching a document may take. */
const FETCH_MS = 5_000;

/** The rules of one IP policy. */
class LiveRules implements LiveIpRules {
  readonly accountId: string;
  readonly id: string;
  rules: readonly IpRule[];

  constructor(accountId: string, id: string, rules: readonly IpRule[]) {
    this.accountId = accountId;
    this.id = id;
    this.rules = rules;
  }
}

/** What policies take from their account. */
export class PolicyBook {
  readonly #options: PolicyBookOptions;
  /** As long as a policy that runs holds them. */
  readonly #live = new Map<string, WeakRef<LiveRules>>();

  /**
   * Knows nothing yet.
   *
   * @param options the store, time, compressors
   */
  constructor(options: PolicyBookOptions) {
    this.#options = options;
  }

  /** What the actions of an account's policies get. */
  servicesFor(accountId: string): PolicyServices {
    const { clock, logger, codecs, store, random = Math.random } = this.#options;
    return {
      clock,
      logger,
      random,
      codecs,
      fetchBytes,
      ipPolicy: store && ((id) => this.#openPolicy(store, accountId, id)),
      certificateAuthority: store && (async (id) => {
        const row = await store.certificate_authorities.get(accountId, id);
        return row?.ca_pem;
      }),
    };
  }

  /**
   * Something in the store has changed.
   *
   * @param accountId whose; without it everybody's rules are read again
   * @returns when the rules are as they are there. Never rejects
   */
  async changed(accountId?: string): Promise<void> {
    const { store, logger } = this.#options;
    if (!store) return;
    for (const [key, ref] of [...this.#live]) {
      const live = ref.deref();
      if (!live) this.#live.delete(key);
      else if (accountId === undefined || live.accountId === accountId) {
        try {
          live.rules = await readRules(store, live.accountId, live.id);
        } catch (thrown) {
          const { message: err } = toTunnelError(thrown);
          logger.log("error", "IP policy could not be read again", { policy: live.id, err });
        }
      }
    }
  }

  async #openPolicy(
    store: PolicyStore,
    accountId: string,
    id: string,
  ): Promise<LiveIpRules | undefined> {
    const key = `${accountId} ${id}`;
    const known = this.#live.get(key)?.deref();
    if (known) return known;
    if (!await store.ip_policies.get(accountId, id)) return undefined;
    const live = new LiveRules(accountId, id, await readRules(store, accountId, id));
    this.#live.set(key, new WeakRef(live));
    return live;
  }
}

/** A small public document: certificates that sign webhooks. Whom it may ask, its action says. */
async function fetchBytes(url: string, maxBytes: number): Promise<Uint8Array> {
  const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(FETCH_MS) });
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new TunnelError("not_found", `Cannot fetch "${url}": the answer was ${response.status}`);
  }
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body) {
    size += piece.length;
    if (size > maxBytes) {
      throw new TunnelError(
        "message_too_large",
        `Cannot fetch "${url}": it has more than ${maxBytes} bytes`,
      );
    }
    pieces.push(piece);
  }
  return concat(pieces);
}

async function readRules(store: PolicyStore, accountId: string, id: string): Promise<IpRule[]> {
  const rules: IpRule[] = [];
  let beforeId: string | undefined;
  for (;;) {
    const rows = await store.ip_policy_rules.list(accountId, {
      beforeId,
      where: { ip_policy_id: id },
    });
    if (rows.length === 0) return rules;
    rules.push(...rows);
    beforeId = rows.at(-1)!.id;
  }
}
