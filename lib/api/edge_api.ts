/**
 * The REST API of an edge: routes every request of the table in `resources/mod.ts` through the same
 * gate, in the same order: who asks, from where, how often, which version, which operation, what
 * query, what body.
 *
 * Called by whoever serves it: it takes a Request and gives a Response, and knows no network.
 *
 * @module
 */
import { Hono } from "hono";
import { Gate } from "./authenticate.ts";
import { readBody } from "./body.ts";
import { change, tell } from "./change.ts";
import { allowOrigin, isPreflight, preflightAnswer } from "./cors.ts";
import { IdMaker } from "./ids.ts";
import { DEFAULT_API_LIMITS } from "./limits.ts";
import { ApiProblem, notFound, problem, problemBody, toProblem } from "./problem.ts";
import { readQuery } from "./query.ts";
import { Concurrency, RateLimiter } from "./rate_limit.ts";
import { RESOURCES } from "./resources/mod.ts";
import { apiKeyToJson } from "./resources/api_keys.ts";
import type { ApiContext, Call, EdgeApiDeps, Json, Operation, Principal } from "./resource.ts";

/** What is known of a request beside itself. */
export interface RequestInfo {
  /** Where it comes from: an IP address, without port. */
  readonly remoteIp: string;
}

/** The REST API of an edge. */
export interface EdgeApi {
  /** Lets callers in: for whoever serves something beside the API to the same ones. */
  readonly gate: Gate;
  /** Answers a request. Never rejects. The caller has checked the Host. */
  fetch(request: Request, info: RequestInfo): Promise<Response>;
}

/** What Hono hands to each step. */
interface Env {
  Bindings: RequestInfo;
  Variables: { operationId: string; principal: Principal };
}

/** The version of the API that is spoken (spec rest-api A3). */
const API_VERSION = "2";

/** The official TypeScript client parses every answer as JSON, also when there is none (A9). */
const WANTS_JSON = /^ngrok-api-typescript\//;

/**
 * Makes the API of an edge.
 *
 * @param deps store, live edge, limits, who hears of changes
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { systemClock } from "../base/clock.ts";
 * import { silentLogger } from "../base/log.ts";
 * import { openSqlite } from "../runtime/node_sqlite.ts";
 * import { sqliteDriver } from "../store/driver.ts";
 * import { createSealer } from "../store/seal.ts";
 * import { openStore } from "../store/store.ts";
 * import { createEdgeApi } from "./edge_api.ts";
 *
 * const store = await openStore(sqliteDriver(await openSqlite(":memory:")));
 * const api = createEdgeApi({
 *   store,
 *   sealer: await createSealer(crypto.getRandomValues(new Uint8Array(32))),
 *   clock: systemClock,
 *   logger: silentLogger,
 *   live: {
 *     sessions: () => [],
 *     endpoints: () => [],
 *     holderOf: () => undefined,
 *     commandSession: () => Promise.resolve(),
 *     updateSession: () => Promise.resolve(),
 *   },
 *   domains: ["example.com"],
 *   baseUrl: () => "https://api.example.com",
 * });
 * const request = new Request("https://api.example.com/endpoints");
 * const response = await api.fetch(request, { remoteIp: "192.0.2.1" });
 * assert.equal(response.status, 401);
 * assert.equal((await response.json()).error_code, "ERR_NGROK_200");
 * await store.close();
 * ```
 */
export function createEdgeApi(deps: EdgeApiDeps): EdgeApi {
  const limits = { ...DEFAULT_API_LIMITS, ...deps.limits };
  const api: ApiContext = { deps, limits, ids: new IdMaker(deps.clock) };
  const gate = new Gate({ store: deps.store, clock: deps.clock, logger: deps.logger, limits });
  const rate = new RateLimiter(deps.clock, limits.rateLimit, limits.rateWindowMs);
  const uses = new RateLimiter(deps.clock, 1, limits.keyUseMs);
  const running = new Concurrency(limits.maxConcurrent);
  const app = new Hono<Env>();

  app.use("*", async (context, next) => {
    if (isPreflight(context.req.raw)) return preflightAnswer(context.req.raw);
    context.set("operationId", api.ids.id("op"));
    await next();
    allowOrigin(context.res.headers, context.req.raw);
    context.res.headers.set("cache-control", "no-store");
    context.res.headers.set("x-content-type-options", "nosniff");
    deps.logger.log("debug", "API request", {
      operation: context.get("operationId"),
      method: context.req.method,
      path: loggable(context.req.path),
      status: context.res.status,
      key: context.get("principal")?.keyId,
    });
  });

  app.get("/openapi.json", async (context) => {
    const { openApiDocument } = await import("./openapi.ts");
    return context.json(openApiDocument(deps.baseUrl(context.req.raw)));
  });

  app.use("*", async (context, next) => {
    const { req, env } = context;
    const principal = await gate.admit(req.header("authorization") ?? null, env.remoteIp);
    const { accountId, keyId } = principal;
    context.set("principal", principal);
    const waitMs = rate.take(keyId);
    if (waitMs > 0) {
      const { rateLimit, rateWindowMs } = limits;
      const message = `The API key is limited to ${rateLimit} requests in ${
        rateWindowMs / 1_000
      } s`;
      throw problem(226, message, Math.ceil(waitMs / 1_000));
    }
    if (!running.enter(accountId)) {
      const message = `The account is limited to ${limits.maxConcurrent} requests at a time`;
      throw problem(225, message, 1);
    }
    try {
      checkVersion(req.header("ngrok-version"));
      const pair = `${keyId} ${env.remoteIp}`;
      if (uses.take(pair) === 0) {
        await noteUse(callOf(api, context.req.raw, principal), env.remoteIp);
      }
      await next();
    } finally {
      running.leave(accountId);
    }
  });

  for (const { operations } of RESOURCES) {
    for (const operation of operations) {
      const path = operation.path.replaceAll(/\{(\w+)\}/g, ":$1");
      app.on(operation.method, path, async (context) => {
        const { req } = context;
        const answer = await perform(operation, {
          ...callOf(api, req.raw, context.get("principal")),
          params: req.param(),
        }, req.raw);
        if (operation.status !== 204) return context.json(answer ?? {}, operation.status);
        const userAgent = req.header("user-agent") ?? "";
        return WANTS_JSON.test(userAgent) ? context.json({}, 200) : context.body(null, 204);
      });
    }
  }

  const methods = methodsByPath();
  for (const [path, allowed] of methods) {
    app.all(path, (context) => {
      const list = allowed.join(", ");
      const message = `${context.req.method} does not go with this path; what does: ${list}`;
      const response = answerProblem(new ApiProblem(405, message), context.get("operationId"));
      response.headers.set("allow", list);
      return response;
    });
  }
  app.notFound(() => {
    throw notFound();
  });

  app.onError((thrown, context) => {
    const found = toProblem(thrown);
    const operation = context.get("operationId");
    if (found.status >= 500) {
      const { method, path } = context.req;
      const err = describe(found.cause ?? found);
      const fields = { operation, method, path: loggable(path), err };
      deps.logger.log("error", "API request failed", fields);
    }
    return answerProblem(found, operation);
  });

  return {
    gate,
    fetch: async (request, info) => await app.fetch(request, { remoteIp: info.remoteIp }),
  };
}

async function perform(
  operation: Operation,
  call: Call,
  request: Request,
): Promise<Json | undefined> {
  const { api } = call;
  const query = readQuery(new URL(request.url).search, operation.list);
  const { maxBodyBytes } = api.limits;
  const body = await readBody(request, operation.body, call.params, maxBodyBytes);
  return await operation.run({ ...call, query }, body as never);
}

function callOf(api: ApiContext, request: Request, principal: Principal): Call {
  const base = api.deps.baseUrl(request);
  return {
    api,
    content: api.deps.store,
    principal,
    accountId: principal.accountId,
    params: {},
    query: { limit: 0, beforeId: undefined, filter: undefined },
    nowMs: api.deps.clock.now(),
    uri: (path) => `${base}${path}`,
  };
}

function checkVersion(version: string | undefined): void {
  if (version === undefined) {
    throw problem(
      218,
      `The header "Ngrok-Version" is missing; send "Ngrok-Version: ${API_VERSION}"`,
    );
  }
  if (version.trim() === API_VERSION) return;
  const found = version.slice(0, 32);
  throw problem(217, `The API version "${found}" is not supported; what is: ${API_VERSION}`);
}

/** The audit trail says when a key was first used from an address, and now and then again. */
async function noteUse(call: Call, remoteIp: string): Promise<void> {
  const { deps } = call.api;
  try {
    await change(call, async (change) => {
      const { keyId } = call.principal;
      const key = await change.content.api_keys.get(call.accountId, keyId);
      if (!key) return;
      await change.record("api_key_used.v0", { ...apiKeyToJson(change, key), remote_ip: remoteIp });
    });
  } catch (thrown) {
    const err = describe(thrown);
    tell(deps, "audit", () => deps.logger.log("error", "use of a key was not recorded", { err }));
  }
}

/**
 * A path as the log may have it: names and ids, but nothing that somebody put there by mistake, such
 * as a key. The query is left out: a filter may name what is nobody else's business.
 */
function loggable(path: string): string {
  const isHarmless = /^([a-z_]{0,64}|[a-z]{1,16}_[0-9A-Za-z]{27}|[a-z_]{1,64}\.v\d)$/;
  return path.split("/").map((part) => isHarmless.test(part) ? part : "…").join("/");
}

/** The methods of each path, as Hono writes paths. */
function methodsByPath(): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { operations } of RESOURCES) {
    for (const { path, method } of operations) {
      const key = path.replaceAll(/\{(\w+)\}/g, ":$1");
      const known = methods.get(key) ?? [];
      methods.set(key, [...known, ...(method === "GET" ? ["GET", "HEAD"] : [method])]);
    }
  }
  return methods;
}

function answerProblem(found: ApiProblem, operationId: string): Response {
  const headers = new Headers({ "content-type": "application/json" });
  if (found.retryAfterS !== undefined) headers.set("retry-after", String(found.retryAfterS));
  if (found.status === 401) headers.set("www-authenticate", 'Bearer realm="api"');
  const body = JSON.stringify(problemBody(found, operationId));
  return new Response(body, { status: found.status, headers });
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
