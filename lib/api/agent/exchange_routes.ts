/**
 * Captured exchanges in the agent's API: those of the documented routes (spec agent H), and our own
 * with everything that is known, replays with edits, and HAR.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { TunnelError } from "../../base/errors.ts";
import { parseWith, type Schema, z } from "../../base/schema.ts";
import type { Exchange } from "../../inspect/exchange.ts";
import type { ExchangeStore } from "../../inspect/exchange_store.ts";
import { badParameter, numbered } from "./agent_problem.ts";
import type { AgentApiDeps } from "./api_deps.ts";
import { detailOf, legacyOf, readBase64, REQUESTS_PATH, summaryOf } from "./exchange_json.ts";
import { findText } from "./full_text.ts";
import { type ExchangeTest, headerFilter } from "./header_filter.ts";
import { headerWords, WORDS_OF } from "./header_words.ts";
import { exchangesOfHar, harOf } from "./har.ts";
import { writeReply } from "./reply.ts";
import { readCount, readObject } from "./request_body.ts";
import { AGENT_PATHS, type ExchangeListJson, type ReplayBody } from "./shapes.ts";

/** How often a request may be repeated at once. */
const MAX_TIMES = 100;

const line = z.tuple([z.string(), z.string()]);
const replaySchema: Schema<ReplayBody> = z.strictObject({
  endpoint_name: z.string().min(1).optional(),
  times: z.int().min(1).max(MAX_TIMES).optional(),
  method: z.string().optional(),
  target: z.string().optional(),
  headers: z.array(line).optional(),
  trailers: z.array(line).optional(),
  body_base64: z.string().optional(),
});

/**
 * Adds the routes.
 *
 * @param app where to
 * @param deps the agent
 */
export function addExchangeRoutes(app: Hono, deps: AgentApiDeps): void {
  const { agent, clock, codecs } = deps;
  const store = (): ExchangeStore | undefined => agent.exchanges;
  const find = (id: string): Exchange => {
    const found = store()?.get(id);
    if (!found) throw numbered(106, { id });
    return found;
  };
  const clear = (c: Context) => {
    store()?.clear();
    return c.body(null, 204);
  };

  app.get(REQUESTS_PATH, (c) => {
    const query = new URL(c.req.url).searchParams;
    const limit = readCount(query, "limit", 50, 10_000);
    const endpointName = query.get("tunnel_name") || undefined;
    const requests = store()?.list({ limit, ...(endpointName && { endpointName }) }) ?? [];
    const nowMs = clock.now();
    return writeReply(c.req.header("accept"), {
      root: "httpRequestListResource",
      value: { uri: REQUESTS_PATH, requests: requests.map((one) => legacyOf(one, nowMs)) },
    });
  });
  app.get(`${REQUESTS_PATH}/:id`, (c) =>
    writeReply(c.req.header("accept"), {
      root: "httpRequestResource",
      value: legacyOf(find(c.req.param("id")), clock.now()),
    }));
  app.post(REQUESTS_PATH, async (c) => {
    const { id, tunnel_name } = await readObject(c.req.raw);
    if (typeof id !== "string") throw badParameter('"id" is missing');
    find(id);
    const endpointName = typeof tunnel_name === "string" && tunnel_name || undefined;
    if (endpointName && !agent.endpoints.some(({ name }) => name === endpointName)) {
      throw numbered(100, { name: endpointName });
    }
    await agent.replay(id, { endpointName });
    return c.body(null, 204);
  });
  app.delete(REQUESTS_PATH, clear);

  const { exchanges, har, headers } = AGENT_PATHS;
  app.get(exchanges, async (c) => c.json(await listOf(c, deps)));
  app.delete(exchanges, clear);
  app.get(`${exchanges}/:id`, async (c) => c.json(await detailOf(find(c.req.param("id")), codecs)));
  app.post(`${exchanges}/:id/replay`, async (c) => {
    const id = c.req.param("id");
    find(id);
    const body = await readReplay(c.req.raw);
    const { times = 1, body_base64, endpoint_name: endpointName, ...edits } = body;
    const sent = body_base64 === undefined ? undefined : readBase64(body_base64);
    const ids: string[] = [];
    for (let time = 0; time < times; time++) {
      ids.push(await agent.replay(id, { ...edits, endpointName, body: sent }));
    }
    return c.json({ ids });
  });
  app.get(headers, (c) => c.json(headerWords(store()?.list({ limit: WORDS_OF }) ?? [])));
  app.get(har, (c) => {
    const wanted = new URL(c.req.url).searchParams.getAll("id");
    const all = store()?.list({ limit: Infinity }).reverse() ?? [];
    const chosen = wanted.length === 0 ? all : all.filter(({ id }) => wanted.includes(id));
    c.header("content-disposition", 'attachment; filename="sallyport.har"');
    return c.json(harOf(chosen));
  });
  app.post(har, async (c) => {
    const into = store();
    if (!into) throw new TunnelError("refused", "Cannot import: no exchanges are kept");
    const given = await readObject(c.req.raw);
    let read;
    try {
      read = exchangesOfHar(given, clock.now());
    } catch (thrown) {
      throw badParameter((thrown as Error).message);
    }
    for (const exchange of read) into.add(exchange);
    return c.json({ ids: read.map(({ id }) => id) });
  });
}

async function readReplay(request: Request): Promise<ReplayBody> {
  const hasBody = request.headers.has("content-type");
  const given = hasBody ? await readObject(request) : {};
  try {
    const body = parseWith(replaySchema, given, "the replay");
    if (body.body_base64 !== undefined) readBase64(body.body_base64);
    return body;
  } catch (thrown) {
    throw badParameter((thrown as Error).message);
  }
}

async function listOf(
  c: Context,
  { agent, clock, codecs }: AgentApiDeps,
): Promise<ExchangeListJson> {
  const query = new URL(c.req.url).searchParams;
  const limit = readCount(query, "limit", 100, 10_000);
  const store = agent.exchanges;
  const empty = { exchanges: [], kept: 0, size_bytes: 0, max_bytes: 0 };
  if (!store) return empty;
  const beforeId = query.get("before") || undefined;
  const endpointName = query.get("endpoint_name") || undefined;
  const wanted = (query.get("q") ?? "").trim();
  const tests = query.getAll("filter").map(readFilter);
  const passes = (exchange: Exchange) => tests.every((test) => test(exchange));
  const counts = { kept: store.count, size_bytes: store.sizeBytes, max_bytes: store.maxBytes };
  const from = {
    ...(beforeId && { beforeId }),
    ...(endpointName && { endpointName }),
    where: passes,
  };
  if (wanted === "") {
    return { exchanges: store.list({ ...from, limit }).map(summaryOf), ...counts };
  }
  const all = store.list({ ...from, limit: Infinity });
  const found = await findText(all, wanted, { clock, codecs, limit });
  return { exchanges: found.map(summaryOf), ...counts };
}

function readFilter(text: string): ExchangeTest {
  try {
    return headerFilter(text);
  } catch (thrown) {
    throw badParameter((thrown as Error).message);
  }
}
