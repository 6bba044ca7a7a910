/**
 * The account an edge begins with, and the token and key that its operator holds: made on first
 * start, or preset. There is one of each; presetting another one revokes it. What was made through
 * the API is nobody's business here.
 *
 * Called by `identity.ts` at each start.
 *
 * @module
 */
import { ksuid, KSUID_CHARS, newId } from "../base/ids.ts";
import { TunnelError } from "../base/errors.ts";
import type { Store, StoreContent } from "../store/store.ts";
import type { ApiKeyRow, AuthtokenRow, CredentialRow } from "../store/tables.ts";
import { makeToken, sameHash, type TokenKeys, tokenKeys } from "../store/tokens.ts";

/** What an older edge kept in `owner.json`. */
export interface LegacyOwner {
  /** `ac_…`. */
  readonly accountId: string;
  /** `cr_…`. */
  readonly tokenId: string;
  /** SHA-256 of the authtoken, hexadecimal. */
  readonly tokenSha256: string;
}

/** What the operator and the past say. */
export interface OwnerOptions {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** The owner's authtoken, chosen by the operator. */
  readonly authtoken?: string | undefined;
  /** The owner's API key, likewise. */
  readonly apiKey?: string | undefined;
  /** Taken over when there is no account yet. */
  readonly legacy?: LegacyOwner | undefined;
}

/** The owner, and what the first start has to tell. */
export interface Owner {
  /** The account. */
  readonly accountId: string;
  /** An authtoken that was just made: the only moment it is known. */
  readonly newAuthtoken: string | undefined;
  /** An API key that was just made, likewise. */
  readonly newApiKey: string | undefined;
}

/** A credential of the owner. */
interface Kind {
  /** Where it lies. */
  readonly table: "authtokens" | "api_keys";
  /** Of its id. */
  readonly prefix: string;
  /** The setting that names the owner's. */
  readonly setting: string;
  /** In sentences. */
  readonly word: string;
  /** In the audit trail. */
  readonly event: string;
}

/** The setting that names the authtoken which the edge's first account began with. */
export const OWNER_AUTHTOKEN = "owner_authtoken";

const AUTHTOKEN: Kind = {
  table: "authtokens",
  prefix: "cr",
  setting: OWNER_AUTHTOKEN,
  word: "authtoken",
  event: "tunnel_credential",
};

const API_KEY: Kind = {
  table: "api_keys",
  prefix: "ak",
  setting: "owner_api_key",
  word: "API key",
  event: "api_key",
};

/** A secret that was chosen, or has to be made. */
interface Wanted {
  readonly kind: Kind;
  /** The KSUID of the row if there is none yet. */
  readonly name: string;
  readonly token: string;
  readonly keys: TokenKeys;
  readonly isPreset: boolean;
}

/**
 * Makes sure that there is an account, and that its owner can get in.
 *
 * @param store everything durable
 * @param options what the operator and the past say
 * @throws {TunnelError} config_invalid when a preset token is unusable, or another account's
 */
export async function ensureOwner(store: Store, options: OwnerOptions): Promise<Owner> {
  const { nowMs, legacy, authtoken, apiKey } = options;
  if (authtoken !== undefined && authtoken === apiKey) {
    throw unusable("API key", "it is the owner's authtoken as well");
  }
  const wanted = [
    await prepare(AUTHTOKEN, authtoken, nowMs),
    await prepare(API_KEY, apiKey, nowMs),
  ];
  return await store.transaction(async (content) => {
    const [known] = await content.accounts.list();
    const accountId = known?.id ?? legacy?.accountId ?? newId("ac", nowMs);
    if (!known) {
      await content.accounts.insert({
        id: accountId,
        name: "owner",
        created_at: nowMs,
        suspended: false,
      });
      await audit(
        content,
        accountId,
        "account_created.v0",
        { id: accountId, name: "owner" },
        nowMs,
      );
      if (legacy) await adoptLegacy(content, legacy, nowMs);
    }
    const [newAuthtoken, newApiKey] = [
      await ensure(content, accountId, wanted[0], nowMs),
      await ensure(content, accountId, wanted[1], nowMs),
    ];
    return { accountId, newAuthtoken, newApiKey };
  });
}

async function prepare(kind: Kind, preset: string | undefined, nowMs: number): Promise<Wanted> {
  if (preset !== undefined && !/^[!-~]{1,1024}$/.test(preset)) {
    throw unusable(kind.word, "it must be 1 to 1024 printable ASCII characters without blanks");
  }
  const name = ksuid(nowMs);
  const token = preset ?? makeToken(name);
  return { kind, name, token, keys: await tokenKeys(token), isPreset: preset !== undefined };
}

/** @returns the token, when it was made */
async function ensure(
  content: StoreContent,
  accountId: string,
  wanted: Wanted,
  nowMs: number,
): Promise<string | undefined> {
  const { kind, name, token, keys, isPreset } = wanted;
  const { table, prefix, setting, word, event } = kind;
  const before = await content.settings.get(setting);
  if (before !== undefined && !isPreset) return undefined;
  // What `adoptLegacy` took over may lie under the start of its hash.
  const lookups = [keys.lookup, keys.sha256.slice(0, KSUID_CHARS)];
  const found: CredentialRow[] = await content[table].findAnyOf("lookup", lookups);
  const same = found.find((row) => sameHash(row.token_sha256, keys.sha256));
  if (same && same.account_id !== accountId) throw unusable(word, "it is another account's");
  const id = same?.id ?? `${prefix}_${name}`;
  const tell = (id: string, what: string) =>
    audit(content, accountId, `${event}_${what}.v0`, { id }, nowMs);
  if (!same) {
    await insert(content, kind, {
      id,
      account_id: accountId,
      created_at: nowMs,
      updated_at: nowMs,
      description: isPreset ? "preset by the operator" : "made at the first start of the edge",
      metadata: "",
      owner_id: null,
      lookup: keys.lookup,
      token_sha256: keys.sha256,
      revoked_at: null,
    });
    await tell(id, "created");
  } else if (same.revoked_at !== null) {
    await content[table].update(accountId, id, { revoked_at: null, updated_at: nowMs });
    await tell(id, "updated");
  }
  if (before !== undefined && before !== id) {
    await content[table].update(accountId, before, { revoked_at: nowMs, updated_at: nowMs });
    await tell(before, "deleted");
  }
  if (before !== id) await content.settings.set(setting, id);
  return isPreset ? undefined : token;
}

/** What the edge does to its owner's credentials is in the audit trail as well; it has no principal. */
async function audit(
  content: StoreContent,
  accountId: string,
  type: string,
  object: Readonly<Record<string, unknown>>,
  nowMs: number,
): Promise<void> {
  await content.audit_events.insert({
    id: newId("ev", nowMs),
    account_id: accountId,
    created_at: nowMs,
    updated_at: nowMs,
    description: "",
    metadata: "",
    type,
    principal: null,
    object,
  });
}

async function insert(content: StoreContent, kind: Kind, row: ApiKeyRow): Promise<void> {
  if (kind.table === "api_keys") return await content.api_keys.insert(row);
  const token: AuthtokenRow = { ...row, acl: [] };
  await content.authtokens.insert(token);
}

/** The authtoken of an older data folder: whatever agents have goes on working. */
async function adoptLegacy(
  content: StoreContent,
  { accountId, tokenId, tokenSha256 }: LegacyOwner,
  nowMs: number,
): Promise<void> {
  const name = tokenId.slice("cr_".length);
  const id = /^[0-9A-Za-z]{27}$/.test(name) ? tokenId : newId("cr", nowMs);
  await content.authtokens.insert({
    id,
    account_id: accountId,
    created_at: nowMs,
    updated_at: nowMs,
    description: "from before this edge had a database",
    metadata: "",
    owner_id: null,
    // Only of a token in the form that we make is the first part known; `store_auth.ts` knows both.
    lookup: id === tokenId ? name : tokenSha256.slice(0, KSUID_CHARS),
    token_sha256: tokenSha256,
    revoked_at: null,
    acl: [],
  });
  await content.settings.set(AUTHTOKEN.setting, id);
}

function unusable(word: string, found: string): TunnelError {
  return new TunnelError(
    "config_invalid",
    `Cannot use the ${word} given for the owner: ${found}`,
  );
}
