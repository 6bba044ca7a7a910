/**
 * Decides about authtokens by what the store says: token, account, owner, and where the agent
 * connects from. `authorize.ts` asks for each Auth, `enforcement.ts` again after each change.
 *
 * @module
 */
import { type Clock, sleep } from "../base/clock.ts";
import { KSUID_CHARS } from "../base/ids.ts";
import type { Logger } from "../base/log.ts";
import type { Store } from "../store/store.ts";
import type { AuthtokenRow } from "../store/tables.ts";
import { isTokenShaped, sameHash, type TokenKeys, tokenKeys } from "../store/tokens.ts";
import {
  addressRefused,
  type Authenticator,
  type AuthRefusal,
  type AuthVerdict,
  type Grant,
  ownerInactive,
  PLAN_NAME,
  REFUSALS,
  revoked,
  tooManyGuesses,
} from "./auth.ts";
import { addressGroup, type Attempt, GuessBrake, type GuessLimits } from "./guessing.ts";
import {
  type AgentRestriction,
  failedBy,
  loadRestrictions,
  type RestrictionStore,
} from "./ip_restrictions.ts";

/** What is read of the store. */
export type IdentityStore =
  & RestrictionStore
  & Pick<Store, "accounts" | "authtokens" | "service_users" | "bot_users">;

/** What deciding needs. */
export interface StoreAuthOptions {
  /** Where everything lies. */
  readonly store: IdentityStore;
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** How guessing is slowed. */
  readonly limits: GuessLimits;
}

/** Longer texts are refused before they are hashed. */
const MAX_TOKEN_CHARS = 1024;

/** How long a token that was right is believed without a look. A change is known at once anyway. */
const BELIEVED_MS = 10_000;

/** Tokens that are believed at a time. */
const MAX_BELIEVED = 10_000;

/** A token that was right. */
interface Believed {
  readonly grant: Grant;
  readonly untilMs: number;
}

/** The authenticator of an edge with a store. */
export class StoreAuthenticator implements Authenticator {
  readonly #options: StoreAuthOptions;
  readonly #brake: GuessBrake;
  /** By the hash of the token. */
  readonly #believed = new Map<string, Believed>();
  /** By the id of the token: of agents that were looked at since the last change. */
  readonly #judged = new Map<string, Promise<AuthVerdict>>();
  /** By account. A promise, so that many agents at once make one look. */
  readonly #restrictions = new Map<string, Promise<AgentRestriction[]>>();
  #revision = 0;

  /**
   * Knows nothing by heart yet.
   *
   * @param options store, time, limits
   */
  constructor(options: StoreAuthOptions) {
    this.#options = options;
    this.#brake = new GuessBrake(options.clock, options.limits);
  }

  /** The state of the store as far as anybody has told: grants of an earlier one are to be judged again. */
  get revision(): number {
    return this.#revision;
  }

  /** The store has changed: nothing is known by heart any more. */
  forget(): void {
    this.#revision++;
    this.#believed.clear();
    this.#judged.clear();
    this.#restrictions.clear();
  }

  /**
   * Decides about one authtoken. The answer to a wrong one may take a while.
   *
   * @param authtoken what the agent sent; empty when it sent none
   * @param remoteHost the address it connects from
   */
  async authenticate(authtoken: string, remoteHost: string): Promise<AuthVerdict> {
    if (authtoken === "") return { refusal: REFUSALS.missing };
    if (authtoken.length > MAX_TOKEN_CHARS) return { refusal: REFUSALS.malformed };
    const keys = await tokenKeys(authtoken);
    const { lookup: name, sha256 } = keys;
    const attempt = { address: addressGroup(remoteHost), name, sha256 };
    const lockedMs = this.#brake.lockedMs(attempt);
    if (lockedMs > 0) return { refusal: tooManyGuesses(lockedMs) };
    const verdict = this.#recall(sha256) ?? await this.#find(keys);
    if (!verdict) {
      const known = isTokenShaped(authtoken) ? REFUSALS.unknown : REFUSALS.malformed;
      return { refusal: await this.#holdBack(attempt, known) };
    }
    if (!verdict.grant) return verdict;
    this.#brake.succeeded(attempt);
    return await this.#admit(verdict.grant, remoteHost);
  }

  /**
   * Decides again about an agent that was let in.
   *
   * @param grant what it was granted
   * @param remoteHost the address it connects from
   */
  async judge(grant: Grant, remoteHost: string): Promise<AuthVerdict> {
    const { tokenId } = grant;
    let judging = this.#judged.get(tokenId);
    if (!judging) {
      this.#judged.set(tokenId, judging = this.#judgeAgain(grant));
      judging.catch(() => this.#judged.delete(tokenId));
    }
    const verdict = await judging;
    return verdict.grant ? await this.#admit(verdict.grant, remoteHost) : verdict;
  }

  async #judgeAgain({ accountId, tokenId }: Grant): Promise<AuthVerdict> {
    const revision = this.#revision;
    const row = await this.#options.store.authtokens.get(accountId, tokenId);
    return row ? await this.#judge(row, revision) : { refusal: REFUSALS.unknown };
  }

  #recall(sha256: string): AuthVerdict | undefined {
    const believed = this.#believed.get(sha256);
    if (!believed) return undefined;
    if (believed.untilMs > this.#options.clock.steady()) return believed;
    this.#believed.delete(sha256);
    return undefined;
  }

  /** What the store says of a token; `undefined` when it knows none. */
  async #find({ lookup, sha256 }: TokenKeys): Promise<AuthVerdict | undefined> {
    const { store, clock } = this.#options;
    const revision = this.#revision;
    // A token that was taken over from an older data folder lies under the start of its hash.
    const rows = await store.authtokens.findAnyOf("lookup", [
      lookup,
      sha256.slice(0, KSUID_CHARS),
    ]);
    let found: AuthtokenRow | undefined;
    for (const row of rows) {
      const isSame = sameHash(row.token_sha256, sha256);
      if (isSame && (!found || found.revoked_at !== null)) found = row;
    }
    if (!found) return undefined;
    const verdict = await this.#judge(found, revision);
    if (verdict.grant && revision === this.#revision) {
      this.#believed.set(sha256, {
        grant: verdict.grant,
        untilMs: clock.steady() + BELIEVED_MS,
      });
      if (this.#believed.size > MAX_BELIEVED) {
        const [oldest] = this.#believed.keys();
        this.#believed.delete(oldest);
      }
    }
    return verdict;
  }

  /**
   * Whether token, account and owner are good.
   *
   * @param row the token
   * @param revision the state of the store before the row was read
   */
  async #judge(row: AuthtokenRow, revision: number): Promise<AuthVerdict> {
    const { store } = this.#options;
    if (row.revoked_at !== null) return { refusal: revoked(row.id) };
    const account = await store.accounts.get(row.account_id);
    if (!account) return { refusal: REFUSALS.unknown };
    if (account.suspended) return { refusal: REFUSALS.suspended };
    if (row.owner_id !== null && !await this.#isActive(row.account_id, row.owner_id)) {
      return { refusal: ownerInactive(row.id) };
    }
    return {
      grant: {
        accountId: account.id,
        accountName: account.name,
        planName: PLAN_NAME,
        tokenId: row.id,
        // An empty list in the API is no list (requirement S42).
        acl: row.acl.length === 0 ? undefined : row.acl,
        revision,
      },
    };
  }

  /** Whether a service user may be used; the account's owner, `usr_…`, always is. */
  async #isActive(accountId: string, ownerId: string): Promise<boolean> {
    if (ownerId.startsWith("usr_")) return true;
    const { store } = this.#options;
    const users = ownerId.startsWith("bot_") ? store.bot_users : store.service_users;
    return (await users.get(accountId, ownerId))?.active ?? false;
  }

  /** Whether the account lets agents in from there. */
  async #admit(grant: Grant, remoteHost: string): Promise<AuthVerdict> {
    const { accountId } = grant;
    const failed = failedBy(await this.#restrictionsOf(accountId), remoteHost);
    if (failed.some((restriction) => restriction.isEnforced)) {
      return { refusal: addressRefused(remoteHost) };
    }
    for (const { id } of failed) {
      this.#options.logger.log("warn", "agent would be refused by its address", {
        account: accountId,
        restriction: id,
        remote: remoteHost,
      });
    }
    return { grant };
  }

  #restrictionsOf(accountId: string): Promise<AgentRestriction[]> {
    const known = this.#restrictions.get(accountId);
    if (known) return known;
    const loading = loadRestrictions(this.#options.store, accountId, "agent");
    this.#restrictions.set(accountId, loading);
    loading.catch(() => {
      // Whoever waits hears of it; the next one looks again.
      if (this.#restrictions.get(accountId) === loading) this.#restrictions.delete(accountId);
    });
    return loading;
  }

  async #holdBack(attempt: Attempt, refusal: AuthRefusal): Promise<AuthRefusal> {
    const delayMs = this.#brake.failed(attempt);
    if (delayMs > 0) await sleep(this.#options.clock, delayMs);
    return refusal;
  }
}
