/**
 * An API on a store in memory, with an account or two, a clock that stands still and an edge that
 * has what a test says.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { newId } from "../../../lib/base/ids.ts";
import type { LogFields, Logger } from "../../../lib/base/log.ts";
import { createEdgeApi, type EdgeApi } from "../../../lib/api/edge_api.ts";
import type { ApiEvent } from "../../../lib/api/api_event.ts";
import type { ApiLimits } from "../../../lib/api/limits.ts";
import type {
  LiveEdge,
  LiveEndpoint,
  LiveLabeledTunnel,
  LiveSession,
} from "../../../lib/api/live.ts";
import type { ApiChange, EdgeApiDeps } from "../../../lib/api/resource.ts";
import { openSqlite } from "../../../lib/runtime/node_sqlite.ts";
import type { SqliteDatabase } from "../../../lib/runtime/database.ts";
import { sqliteDriver } from "../../../lib/store/driver.ts";
import { createSealer, type Sealer } from "../../../lib/store/seal.ts";
import { openStore, type Store } from "../../../lib/store/store.ts";
import { makeToken, tokenKeys } from "../../../lib/store/tokens.ts";

/** What came back. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON, `undefined` when there was none. */
  // deno-lint-ignore no-explicit-any -- tests look into whatever came
  readonly body: any;
}

/** Somebody with a key. */
export interface Caller {
  readonly accountId: string;
  readonly keyId: string;
  readonly key: string;
  /** Sends a request; a body that is not text goes as JSON. */
  send(method: string, path: string, body?: unknown, headers?: HeadersInit): Promise<Reply>;
  get(path: string): Promise<Reply>;
  post(path: string, body: unknown): Promise<Reply>;
  patch(path: string, body: unknown): Promise<Reply>;
  delete(path: string): Promise<Reply>;
  /** Creates an object and gives it back; anything but 201 fails the test. */
  // deno-lint-ignore no-explicit-any -- tests look into whatever came
  make(path: string, body: unknown): Promise<any>;
}

/** What the edge has online, and what it was told. */
export interface FakeLive extends LiveEdge {
  readonly all: {
    sessions: (LiveSession & { readonly accountId: string })[];
    endpoints: LiveEndpoint[];
    labeled: (LiveLabeledTunnel & { readonly accountId: string })[];
  };
  readonly commands: string[];
  /** Thrown by the next command. */
  fail: Error | undefined;
}

/** An API and all that is behind it. */
export interface Stage {
  readonly api: EdgeApi;
  readonly store: Store;
  readonly database: SqliteDatabase;
  readonly sealer: Sealer;
  readonly clock: FakeClock;
  readonly live: FakeLive;
  readonly events: ApiEvent[];
  readonly changes: ApiChange[];
  readonly log: { readonly message: string; readonly fields: LogFields }[];
  /** The first caller. */
  readonly caller: Caller;
  /** Another account with a key. */
  stranger(): Promise<Caller>;
  /** Another key of the first account, or of a user of it. */
  withKey(ownerId?: string): Promise<Caller>;
  /** Sends as it is. */
  raw(request: Request, remoteIp?: string): Promise<Reply>;
}

/** What differs from the usual stage. */
export interface StageOptions {
  readonly limits?: Partial<ApiLimits>;
  readonly deps?: Partial<EdgeApiDeps>;
}

/** Where the API of the stage is. */
export const BASE = "https://api.example.net";

/** The base domain of the edge of the stage. */
export const DOMAIN = "tunnels.example.net";

/** Runs with an API that is gone afterwards. */
export async function withApi(
  run: (stage: Stage) => Promise<void>,
  options: StageOptions = {},
): Promise<void> {
  const database = await openSqlite(":memory:");
  const store = await openStore(sqliteDriver(database));
  try {
    await run(await makeStage(store, database, options));
  } finally {
    await store.close();
  }
}

async function makeStage(
  store: Store,
  database: SqliteDatabase,
  options: StageOptions,
): Promise<Stage> {
  const clock = new FakeClock(1_790_000_000_000);
  const live = fakeLive();
  const events: ApiEvent[] = [];
  const changes: ApiChange[] = [];
  const log: { message: string; fields: LogFields }[] = [];
  const logger: Logger = {
    log: (_, message, fields = {}) => void log.push({ message, fields }),
    child: () => logger,
  };
  const sealer = await createSealer(new Uint8Array(32).fill(1));
  const api = createEdgeApi({
    store,
    sealer,
    clock,
    logger,
    live,
    domains: [DOMAIN],
    region: "",
    tcpPorts: { from: 20_000, to: 20_009 },
    baseUrl: () => BASE,
    onEvent: (event) => events.push(event),
    onChanged: (change) => changes.push(change),
    limits: { rateLimit: 0, ...options.limits },
    ...options.deps,
  });
  const raw = async (request: Request, remoteIp = "192.0.2.1"): Promise<Reply> => {
    const response = await api.fetch(request, { remoteIp });
    const text = await response.text();
    const body = text === "" ? undefined : JSON.parse(text);
    return { status: response.status, headers: response.headers, body };
  };
  const callerOf = async (accountId: string, ownerId: string | null): Promise<Caller> => {
    const keyId = newId("ak", clock.now());
    const key = makeToken(keyId.slice(3));
    const { lookup, sha256 } = await tokenKeys(key);
    await store.api_keys.insert({
      id: keyId,
      account_id: accountId,
      created_at: clock.now(),
      updated_at: clock.now(),
      description: "",
      metadata: "",
      owner_id: ownerId,
      lookup,
      token_sha256: sha256,
      revoked_at: null,
    });
    return makeCaller(raw, accountId, keyId, key);
  };
  const account = async (name: string): Promise<string> => {
    const id = newId("ac", clock.now());
    await store.accounts.insert({ id, name, created_at: clock.now(), suspended: false });
    return id;
  };
  const first = await account("owner");
  return {
    api,
    store,
    database,
    sealer,
    clock,
    live,
    events,
    changes,
    log,
    raw,
    caller: await callerOf(first, null),
    stranger: async () => await callerOf(await account("stranger"), null),
    withKey: (ownerId) => callerOf(first, ownerId ?? null),
  };
}

function makeCaller(
  raw: Stage["raw"],
  accountId: string,
  keyId: string,
  key: string,
): Caller {
  const send: Caller["send"] = (method, path, body, headers = {}) => {
    const all = new Headers({ "authorization": `Bearer ${key}`, "ngrok-version": "2" });
    if (body !== undefined) all.set("content-type", "application/json");
    new Headers(headers).forEach((value, name) => all.set(name, value));
    const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
    return raw(new Request(new URL(path, BASE), { method, headers: all, body: text }));
  };
  return {
    accountId,
    keyId,
    key,
    send,
    get: (path) => send("GET", path),
    post: (path, body) => send("POST", path, body),
    patch: (path, body) => send("PATCH", path, body),
    delete: (path) => send("DELETE", path),
    async make(path, body) {
      const reply = await send("POST", path, body);
      assert.equal(reply.status, 201, `POST ${path}: ${JSON.stringify(reply.body)}`);
      return reply.body;
    },
  };
}

function fakeLive(): FakeLive {
  const all: FakeLive["all"] = { sessions: [], endpoints: [], labeled: [] };
  const commands: string[] = [];
  const live: FakeLive = {
    all,
    commands,
    fail: undefined,
    sessions: (accountId) => all.sessions.filter((session) => session.accountId === accountId),
    endpoints: (accountId) => all.endpoints.filter((one) => one.accountId === accountId),
    labeledTunnels: (accountId) => all.labeled.filter((one) => one.accountId === accountId),
    holderOf: (host, port) =>
      all.endpoints.find(({ url }) => {
        const { hostname, port: own } = new URL(url);
        return hostname === host && (port === undefined || Number(own) === port);
      })?.accountId,
    commandSession: (id, command) => obey(`${command} ${id}`),
    updateSession: (id, version) => obey(`update ${id} ${version}`.trim()),
  };
  function obey(command: string): Promise<void> {
    commands.push(command);
    return live.fail ? Promise.reject(live.fail) : Promise.resolve();
  }
  return live;
}

/** An endpoint that an agent serves. */
export function liveEndpoint(accountId: string, more: Partial<LiveEndpoint> = {}): LiveEndpoint {
  const nowMs = more.startedAtMs ?? 1_790_000_000_000;
  return {
    key: newId("ep", nowMs).slice(3),
    accountId,
    url: `https://calm-otter.${DOMAIN}`,
    proto: "https",
    sessionIds: [],
    credentialId: "cr_none",
    forwardsTo: "http://localhost:8080",
    upstreamProtocol: "http1",
    name: "",
    description: "",
    metadata: "",
    trafficPolicy: "",
    binding: "public",
    poolingEnabled: false,
    region: "",
    startedAtMs: nowMs,
    ...more,
  };
}

/** A session of an agent. */
export function liveSession(
  accountId: string,
  more: Partial<LiveSession> = {},
): LiveSession & { readonly accountId: string } {
  const nowMs = more.startedAtMs ?? 1_790_000_000_000;
  return {
    accountId,
    id: newId("ts", nowMs),
    credentialId: newId("cr", nowMs),
    ip: "192.0.2.77",
    os: "linux",
    agentVersion: "3.20.0",
    transport: "ngrok/3",
    metadata: "",
    region: "",
    startedAtMs: nowMs,
    ...more,
  };
}

/** Asserts that a reply is a problem with this number. */
export function assertProblem(reply: Reply, code: number | undefined, status?: number): void {
  const found = reply.body?.error_code;
  const wanted = code === undefined ? undefined : `ERR_NGROK_${code}`;
  assert.equal(found, wanted, JSON.stringify(reply.body));
  assert.equal(reply.body.status_code, reply.status);
  assert.match(reply.body.details.operation_id, /^op_[0-9A-Za-z]{27}$/);
  assert.ok(reply.body.msg.length > 0);
  if (status !== undefined) assert.equal(reply.status, status, reply.body.msg);
}
