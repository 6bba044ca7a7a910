/**
 * What an edge knows durably: opens the store in the data folder, and makes sure that the owner can
 * get in, also the one of an edge that had no store yet.
 *
 * The database library is loaded here and not before: an embedded edge has no accounts and does not
 * wait for it.
 *
 * Called by `edge.ts` at start.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { TunnelError } from "../base/errors.ts";
import type { OpenSqlite } from "../runtime/database.ts";
import type { Files } from "../runtime/host.ts";
import { createSealer, loadSealer, type Sealer } from "../store/seal.ts";
import type { Store } from "../store/store.ts";
import { ensureOwner, type LegacyOwner, type Owner } from "./owner.ts";

/** How the identity of an edge is opened. */
export interface IdentityOptions {
  /** The file system. */
  readonly files: Files;
  /** Opens the database. */
  readonly openSqlite: OpenSqlite;
  /** Time. */
  readonly clock: Clock;
  /** The data folder; without one everything is gone when the edge ends. */
  readonly dataDir: string | undefined;
  /** The owner's authtoken, chosen by the operator. */
  readonly authtoken: string | undefined;
  /** The owner's API key, likewise. */
  readonly apiKey: string | undefined;
  /** The key of what is sealed, 64 hexadecimal digits; else it lies in the data folder. */
  readonly masterKey: string | undefined;
}

/** What an edge knows durably. */
export interface Identity {
  /** Accounts and what belongs to them. */
  readonly store: Store;
  /** Seals secrets that lie in the store. */
  readonly sealer: Sealer;
  /**
   * Makes sure that the owner can get in. What it makes is told once, so this is the last thing of a
   * start: one that failed at a door would have told nobody.
   *
   * @throws {TunnelError} config_invalid when a preset secret is unusable
   */
  settleOwner(): Promise<Owner>;
}

/**
 * Opens the identity of an edge.
 *
 * @param options where it lies, what the operator chose
 * @throws {TunnelError} config_invalid when a key or a file is unusable; io_failed …
 */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  const { files, dataDir, clock, authtoken, apiKey } = options;
  if (dataDir !== undefined) await files.makeDir(dataDir);
  const sealer = await openSealer(options);
  const legacyPath = `${dataDir}/owner.json`;
  const legacy = dataDir === undefined ? undefined : await readLegacy(files, legacyPath);
  const store = await openStoreIn(options);
  return {
    store,
    sealer,
    async settleOwner() {
      const owner = await ensureOwner(store, { nowMs: clock.now(), authtoken, apiKey, legacy });
      // In the database it is safe; a second truth beside it would only mislead.
      if (legacy) await files.remove(legacyPath);
      return owner;
    },
  };
}

async function openSealer(options: IdentityOptions): Promise<Sealer> {
  const { files, dataDir, masterKey } = options;
  if (dataDir === undefined && masterKey === undefined) {
    return await createSealer(crypto.getRandomValues(new Uint8Array(32)));
  }
  return await loadSealer({ files, dataDir: dataDir ?? "", masterKey });
}

async function openStoreIn({ openSqlite, dataDir }: IdentityOptions): Promise<Store> {
  const [{ sqliteDriver }, { openStore }] = await Promise.all([
    import("../store/driver.ts"),
    import("../store/store.ts"),
  ]);
  const path = dataDir === undefined ? ":memory:" : `${dataDir}/sallyport.db`;
  return await openStore(sqliteDriver(await openSqlite(path)));
}

/** What edges before the database kept of their owner. */
async function readLegacy(files: Files, path: string): Promise<LegacyOwner | undefined> {
  if (await files.stat(path) === undefined) return undefined;
  const text = await files.readText(path);
  try {
    const { accountId, tokenId, tokenSha256 } = JSON.parse(text) as Record<string, unknown>;
    if (
      typeof accountId === "string" && typeof tokenId === "string" &&
      typeof tokenSha256 === "string" && /^[0-9a-f]{64}$/.test(tokenSha256)
    ) {
      return { accountId, tokenId, tokenSha256 };
    }
  } catch {
    // Unparsable is the same as incomplete to the operator.
  }
  throw new TunnelError(
    "config_invalid",
    `Cannot read the owner in "${path}": the file is damaged; restore it, or delete it to get a new owner`,
  );
}
