/**
 * What the commands for operators work with: the data folder of an edge, running or not, through
 * the very operations that its API has. A running edge notices what they change.
 *
 * @module
 */
import { readBody } from "../api/body.ts";
import { type Change, change } from "../api/change.ts";
import { IdMaker } from "../api/ids.ts";
import { DEFAULT_API_LIMITS } from "../api/limits.ts";
import type { LiveEdge } from "../api/live.ts";
import { MAX_PAGE } from "../api/query.ts";
import { ownerUserId } from "../api/refs.ts";
import { RESOURCES } from "../api/resources/mod.ts";
import type { Call, EdgeApiDeps, Json } from "../api/resource.ts";
import { TunnelError } from "../base/errors.ts";
import type { Sealer } from "../store/seal.ts";
import { sqliteDriver } from "../store/driver.ts";
import { openStore, type Store } from "../store/store.ts";
import type { AccountRow } from "../store/tables.ts";
import type { Cli } from "./command.ts";
import { readFacts } from "./edge_facts.ts";

/** The data folder of an edge, opened. */
export interface EdgeData {
  /** Everything durable. */
  readonly store: Store;
  /** The account that is meant: by id or name; the owner's when nobody says. */
  account(name: string | undefined): Promise<AccountRow>;
  /** Does one operation of the API for an account. */
  run(account: AccountRow, resource: string, verb: string, request: EdgeDataRequest): Promise<Json>;
  /** Changes what no operation of the API changes, with its entries in the audit trail. */
  change<T>(account: AccountRow, work: (change: Change) => Promise<T>): Promise<T>;
  /** All objects of a resource, newest first. */
  all(account: AccountRow, resource: string): Promise<readonly Json[]>;
}

/** What is asked of an operation. */
export interface EdgeDataRequest {
  /** The object. */
  readonly id?: string;
  /** The body. */
  readonly body?: Json;
  /** Only objects older than this one. */
  readonly beforeId?: string;
}

/**
 * Opens the data folder, and closes it when the work is done.
 *
 * @param cli the machine
 * @param folder the data folder
 * @param work what is done with it
 * @throws {TunnelError} not_found when no edge has run on that folder; refused with the API's words
 */
export async function withEdgeData<T>(
  { runtime, logger }: Cli,
  folder: string,
  work: (data: EdgeData) => Promise<T>,
): Promise<T> {
  const store = await openData(runtime, folder);
  try {
    const { domains, tcpPorts } = await readFacts(store);
    const deps: EdgeApiDeps = {
      store,
      sealer: NO_SECRETS,
      clock: runtime.clock,
      logger,
      live: NOBODY,
      domains,
      tcpPorts,
      baseUrl: () => "",
    };
    const api = { deps, limits: DEFAULT_API_LIMITS, ids: new IdMaker(runtime.clock) };
    const callOf = (account: AccountRow, { id, beforeId }: EdgeDataRequest): Call => ({
      api,
      content: store,
      principal: {
        accountId: account.id,
        id: ownerUserId(account.id),
        subject: account.name,
        keyId: "",
        isAtMachine: true,
      },
      accountId: account.id,
      params: id === undefined ? {} : { id },
      query: { limit: MAX_PAGE, beforeId, filter: undefined },
      nowMs: runtime.clock.now(),
      uri: (path) => path,
    });
    const run: EdgeData["run"] = async (account, resource, verb, asked) => {
      const { id, body } = asked;
      const operation = RESOURCES.find(({ name }) => name === resource)?.operations
        .find((one) => one.verb === verb);
      if (!operation) throw new TunnelError("internal", `There is no "${verb}" of "${resource}"`);
      const call = callOf(account, asked);
      const { method, path } = operation;
      const request = new Request(`http://localhost${path.replace("{id}", id ?? "")}`, {
        method,
        ...operation.body
          ? { body: JSON.stringify(body ?? {}), headers: { "content-type": "application/json" } }
          : {},
      });
      const { maxBodyBytes } = api.limits;
      const checked = await readBody(request, operation.body, call.params, maxBodyBytes);
      return await operation.run(call, checked as never) ?? {};
    };
    return await work({
      store,
      run,
      change: (account, work) => change(callOf(account, {}), work),
      account: (name) => findAccount(store, name),
      async all(account, resource) {
        const rows: Json[] = [];
        for (;;) {
          const beforeId = rows.at(-1)?.id as string | undefined;
          const page = await run(account, resource, "list", { beforeId });
          rows.push(...Object.values(page).find(Array.isArray) as Json[]);
          if (page.next_page_uri === null) return rows;
        }
      },
    });
  } finally {
    await store.close();
  }
}

/**
 * Opens the database of a data folder.
 *
 * @throws {TunnelError} not_found when there is none
 */
export async function openData(runtime: Cli["runtime"], folder: string): Promise<Store> {
  const path = `${folder}/sallyport.db`;
  if (await runtime.host.files.stat(path) === undefined) {
    throw new TunnelError(
      "not_found",
      `Cannot work on "${folder}": no edge has kept its data there; name its folder with --data`,
    );
  }
  return await openStore(sqliteDriver(await runtime.openSqlite(path)));
}

async function findAccount(store: Store, name: string | undefined): Promise<AccountRow> {
  const accounts = await store.accounts.list();
  const found = name === undefined
    ? accounts[0]
    : accounts.find(({ id }) => id === name) ?? accounts.find((one) => one.name === name);
  if (found) return found;
  throw new TunnelError("not_found", `There is no account "${name ?? "owner"}" at this edge`);
}

/** Who is connected only the running edge knows; nothing that is done here asks. */
const NOBODY: LiveEdge = {
  sessions: () => [],
  endpoints: () => [],
  holderOf: () => undefined,
  commandSession: () => Promise.reject(new TunnelError("not_found", "No agent is connected here")),
  updateSession: () => Promise.reject(new TunnelError("not_found", "No agent is connected here")),
};

/** Nothing that is done here is sealed; so nothing here needs the key. */
const NO_SECRETS: Sealer = {
  seal: () => Promise.reject(new TunnelError("internal", "Nothing is sealed here")),
  open: () => Promise.reject(new TunnelError("internal", "Nothing is opened here")),
};
