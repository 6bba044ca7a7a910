/**
 * Who asks: the API key behind an Authorization header (spec rest-api A2, A15, A23).
 *
 * @module
 */
import { fromBase64 } from "../base/base64.ts";
import { decodeText } from "../base/bytes.ts";
import { type Clock, sleep } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { addressGroup, type Attempt, GuessBrake } from "../edge/guessing.ts";
import { admits, type IpRule } from "../http/cidr.ts";
import type { Store } from "../store/store.ts";
import type { ApiKeyRow, CredentialRow } from "../store/tables.ts";
import { isTokenShaped, sameHash, tokenKeys } from "../store/tokens.ts";
import { allRows } from "./all_rows.ts";
import type { ApiCode } from "./codes.ts";
import type { ApiLimits } from "./limits.ts";
import { type ApiProblem, problem } from "./problem.ts";
import { ownerUserId } from "./refs.ts";
import type { Principal } from "./resource.ts";

/** Longer credentials are refused before they are hashed. */
const MAX_TOKEN_CHARS = 1_024;

/** What deciding needs. */
export interface GateOptions {
  /** Keys, accounts, users, restrictions. */
  readonly store: Store;
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** How guessing is slowed. */
  readonly limits: ApiLimits;
}

/** Lets in whoever has an API key. */
export class Gate {
  readonly #options: GateOptions;
  readonly #brake: GuessBrake;

  /**
   * Nobody has tried yet.
   *
   * @param options store, time, limits
   */
  constructor(options: GateOptions) {
    this.#options = options;
    const { maxGuesses } = options.limits;
    this.#brake = new GuessBrake(options.clock, {
      freeGuesses: maxGuesses,
      guessDelayMs: 100,
      maxGuessDelayMs: 5_000,
      maxGuesses: maxGuesses * 3,
      guessLockMs: 10_000,
      guessForgetMs: 300_000,
    });
  }

  /**
   * Decides about one request. The answer to a wrong key may take a while.
   *
   * @param authorization the header, or `null`
   * @param remoteIp where the request comes from
   * @param door whose IP restrictions hold: the API's, or also those of the admin page
   * @throws {ApiProblem} 200 to 208, 220, 226, 636
   */
  async admit(
    authorization: string | null,
    remoteIp: string,
    door: "api" | "dashboard" = "api",
  ): Promise<Principal> {
    const token = readAuthorization(authorization);
    if (token.length > MAX_TOKEN_CHARS) throw refusal(202);
    const { lookup: name, sha256 } = await tokenKeys(token);
    const attempt = { address: addressGroup(remoteIp), name, sha256 };
    const lockedMs = this.#brake.lockedMs(attempt);
    if (lockedMs > 0) {
      const message = "There were too many wrong API keys; try again later";
      throw problem(226, message, Math.ceil(lockedMs / 1_000));
    }
    const { store } = this.#options;
    const row = pick(await store.api_keys.findAnywhere({ lookup: name }), sha256);
    if (!row || row.revoked_at !== null) return await this.#refuse(token, attempt);
    const principal = await this.#principalOf(row);
    this.#brake.succeeded(attempt);
    await this.#checkAddress(principal.accountId, remoteIp, "api");
    if (door === "dashboard") await this.#checkAddress(principal.accountId, remoteIp, door);
    return principal;
  }

  async #principalOf(row: ApiKeyRow): Promise<Principal> {
    const { store } = this.#options;
    const { account_id: accountId, owner_id: ownerId, id: keyId } = row;
    const account = await store.accounts.get(accountId);
    if (!account) throw refusal(203);
    if (account.suspended) throw problem(205, `The account "${account.name}" is suspended`);
    if (ownerId === null || ownerId === ownerUserId(accountId)) {
      return { accountId, id: ownerUserId(accountId), subject: account.name, keyId };
    }
    const users = ownerId.startsWith("bot_") ? store.bot_users : store.service_users;
    const user = await users.get(accountId, ownerId);
    if (!user) throw refusal(203);
    if (!user.active) throw problem(636, `The owner of the API key, "${user.name}", is not active`);
    return { accountId, id: ownerId, subject: user.name, keyId };
  }

  /** Says what is wrong with a key that nobody has, after a while. */
  async #refuse(token: string, attempt: Attempt): Promise<never> {
    const { store, clock } = this.#options;
    let code: ApiCode = isTokenShaped(token) ? 203 : 202;
    const authtokens = await store.authtokens.findAnywhere({ lookup: attempt.name });
    if (pick(authtokens, attempt.sha256)) code = 206;
    else if (token.startsWith("ak_")) code = 208;
    else if (token.startsWith("cr_")) code = 207;
    const delayMs = this.#brake.failed(attempt);
    if (delayMs > 0) await sleep(clock, delayMs);
    throw refusal(code);
  }

  /** Restrictions of one type: one that is not enforced is only logged. */
  async #checkAddress(
    accountId: string,
    remoteIp: string,
    type: "api" | "dashboard",
  ): Promise<void> {
    const { store, logger } = this.#options;
    const restrictions = await store.ip_restrictions.list(accountId, { where: { type } });
    for (const { id, enforced, ip_policy_ids: policyIds } of restrictions) {
      const rules: IpRule[] = [];
      for (const ip_policy_id of policyIds) {
        rules.push(...await allRows(store.ip_policy_rules, accountId, { ip_policy_id }));
      }
      // A link-local address comes with the zone it is valid in (RFC 4007 section 11).
      if (admits(rules, remoteIp.split("%")[0])) continue;
      if (enforced) {
        throw problem(220, `The address ${remoteIp} does not match the IP policies of the account`);
      }
      logger.log("warn", "API caller would be refused by its address", {
        type,
        account: accountId,
        restriction: id,
        remote: remoteIp,
      });
    }
  }
}

/**
 * The credential in the header: Bearer, or the password of Basic (without one, its user).
 *
 * @throws {ApiProblem} 200, 201
 */
function readAuthorization(header: string | null): string {
  if (header === null || header.trim() === "") throw refusal(200);
  const bearer = /^bearer +(\S+)$/i.exec(header.trim());
  if (bearer) return bearer[1];
  const basic = /^basic +([A-Za-z0-9+/_=-]+)$/i.exec(header.trim());
  const bytes = basic ? fromBase64(basic[1]) : undefined;
  if (!bytes) throw refusal(201);
  const pair = decodeText(bytes);
  const colon = pair.indexOf(":");
  const [user, password] = colon < 0 ? [pair, ""] : [pair.slice(0, colon), pair.slice(colon + 1)];
  return password || user || "-";
}

/** The row whose hash is that of the token. */
function pick<Row extends CredentialRow>(rows: readonly Row[], sha256: string): Row | undefined {
  let found: Row | undefined;
  for (const row of rows) if (sameHash(row.token_sha256, sha256)) found = row;
  return found;
}

const WORDS: Readonly<Partial<Record<ApiCode, string>>> = {
  200: 'The Authorization header is missing; send "Authorization: Bearer <API key>"',
  201: 'The Authorization header cannot be understood; send "Authorization: Bearer <API key>"',
  202: "The credential does not look like an API key, whose two parts are joined by an underscore",
  203: "The credential looks like an API key, but this edge does not know it",
  206: "The credential is an authtoken, with which agents connect; the API wants an API key",
  207: "The credential is the id of an authtoken; the API wants an API key",
  208: "The credential is the id of an API key; the API wants the key itself",
};

/** Never repeats the credential: the answer may be logged. */
function refusal(code: ApiCode): ApiProblem {
  return problem(code, WORDS[code] ?? "");
}
