/**
 * Endpoints and tunnels in the agent's API: what is online, what is started and stopped (spec agent
 * H). The two are the same thing in the words of two versions.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { policyText } from "../../agent/config.ts";
import type { AgentEndpoint } from "../../agent/endpoint.ts";
import { endpointWishes, type FileWish, tunnelWishes } from "../../agent/file_endpoints.ts";
import { endpointSectionSchema, tunnelSectionSchema } from "../../agent/file_schema.ts";
import { besideTwin, twinOf } from "../../agent/twin.ts";
import { deadline } from "../../base/clock.ts";
import { readWish } from "../../agent/wish.ts";
import { loggedError, toTunnelError } from "../../base/errors.ts";
import { parseWith } from "../../base/schema.ts";
import { type AgentProblem, badParameter, numbered } from "./agent_problem.ts";
import type { AgentApiDeps } from "./api_deps.ts";
import { endpointDefinition, tunnelDefinition } from "./definition.ts";
import { type EndpointMetricsJson, metricsOf } from "./metrics_json.ts";
import { writeReply } from "./reply.ts";
import { readObject } from "./request_body.ts";

const TUNNELS = "/api/tunnels";
const ENDPOINTS = "/api/endpoints";

/** In the words of the ngrok agent. */
const NOT_READY = "a successful ngrok tunnel session has not yet been established";

/** How long a session that is just being lost may keep a caller waiting. */
const START_MS = 20_000;

/** A tunnel, in the words of version 2. */
export interface TunnelJson {
  /** The local name. */
  readonly name: string;
  /** The edge's id of it. */
  readonly ID: string;
  /** Where it is in this API. */
  readonly uri: string;
  /** Its URL. */
  readonly public_url: string;
  /** What visitors speak. */
  readonly proto: string;
  /** What was asked for. */
  readonly config: {
    /** The service. */
    readonly addr: string;
    /** Whether exchanges are kept. */
    readonly inspect: boolean;
  };
  /** Its numbers. */
  readonly metrics: EndpointMetricsJson;
}

/** An endpoint, in the words of version 3. */
export interface EndpointJson {
  /** The local name. */
  readonly name: string;
  /** Where it is in this API. */
  readonly uri: string;
  /** Its URL. */
  readonly url: string;
  /** The service. */
  readonly upstream: {
    /** Where it is. */
    readonly url: string;
    /** What it speaks. */
    readonly protocol: string;
  };
  /** Whether exchanges are kept. */
  readonly inspect: boolean;
  /** Its policy, as text. */
  readonly traffic_policy: string;
  /** Whether others may share the URL. */
  readonly pooling_enabled: boolean;
  /** Where it can be reached from. */
  readonly bindings: readonly string[];
  /** What it is for. */
  readonly description: string;
  /** Text kept with it. */
  readonly metadata: string;
  /** Its numbers. */
  readonly metrics: EndpointMetricsJson;
}

/**
 * A tunnel as JSON.
 *
 * @param endpoint which
 */
export function tunnelJson(endpoint: AgentEndpoint): TunnelJson {
  const { name, id, url, proto, upstream, inspect } = endpoint;
  return {
    name,
    ID: id,
    uri: `${TUNNELS}/${pathName(name)}`,
    public_url: url,
    proto,
    // Programs of the ecosystem know TCP services without a scheme.
    config: { addr: upstream.replace(/^(tcp|tls):\/\//, ""), inspect },
    metrics: metricsOf(endpoint),
  };
}

/**
 * An endpoint as JSON.
 *
 * @param endpoint which
 */
export function endpointJson(endpoint: AgentEndpoint): EndpointJson {
  const { name, url, upstream, inspect, options, metadata } = endpoint;
  return {
    name,
    uri: `${ENDPOINTS}/${pathName(name)}`,
    url,
    upstream: { url: upstream, protocol: options.upstreamProtocol ?? "http1" },
    inspect,
    traffic_policy: policyText(options.trafficPolicy),
    pooling_enabled: options.poolingEnabled ?? false,
    bindings: [options.binding ?? "public"],
    description: options.description ?? "",
    metadata,
    metrics: metricsOf(endpoint),
  };
}

/** As Go escapes a name in a path. */
function pathName(name: string): string {
  return encodeURIComponent(name).replace(/[()]/g, (char) => char === "(" ? "%28" : "%29");
}

/**
 * Adds the routes.
 *
 * @param app where to
 * @param deps the agent
 */
export function addEndpointRoutes(app: Hono, deps: AgentApiDeps): void {
  const { agent } = deps;
  const online = () => agent.endpoints.filter(({ url }) => url !== "");
  const find = (name: string): AgentEndpoint => {
    // Older agents wrote a blank as `+` in the paths they gave.
    const blanks = name.replaceAll("+", " ");
    const all = online();
    const found = all.find((each) => each.name === name) ??
      all.find((each) => each.name === blanks);
    if (!found) throw numbered(100, { name });
    return found;
  };

  const one = (c: Context, value: TunnelJson | EndpointJson, status = 200) => {
    const root = "public_url" in value ? "tunnelResource" : "endpointResource";
    return writeReply(c.req.header("accept"), { root, value, status });
  };
  const list = (c: Context, root: string, value: unknown) =>
    writeReply(c.req.header("accept"), { root, value });

  app.get(TUNNELS, (c) => {
    const tunnels = online().map(tunnelJson);
    return list(c, "tunnelListResource", { tunnels, uri: TUNNELS });
  });
  app.get(`${TUNNELS}/:name`, (c) => one(c, tunnelJson(find(c.req.param("name")))));
  app.post(TUNNELS, async (c) => {
    const { name, ...section } = tunnelDefinition(await readObject(c.req.raw));
    const started = await start(deps, () => {
      if (typeof name !== "string" || name === "") throw new SyntaxError('"name" is missing');
      const { proto } = section;
      if (proto !== undefined && !["http", "tcp", "tls"].includes(String(proto))) {
        throw new SyntaxError(`Invalid protocol name '${proto}'`);
      }
      return tunnelWishes(name, parseWith(tunnelSectionSchema, section, "the tunnel"));
    });
    return one(c, tunnelJson(started[0]), 201);
  });
  app.delete(`${TUNNELS}/:name`, async (c) => {
    await find(c.req.param("name")).close();
    return c.body(null, 204);
  });

  app.get(ENDPOINTS, (c) => {
    const endpoints = online().map(endpointJson);
    return list(c, "endpointListResource", { endpoints, uri: ENDPOINTS });
  });
  app.get(`${ENDPOINTS}/:name`, (c) => one(c, endpointJson(find(c.req.param("name")))));
  app.post(ENDPOINTS, async (c) => {
    const section = endpointDefinition(await readObject(c.req.raw));
    const [started] = await start(deps, () => wishesOf(section));
    return one(c, endpointJson(started), 201);
  });
  app.put(`${ENDPOINTS}/:name`, async (c) => {
    const name = c.req.param("name");
    const section = { name, ...endpointDefinition(await readObject(c.req.raw)) };
    if (section.name !== name) {
      throw badParameter(`"name" is "${section.name}" in the body and "${name}" in the path`);
    }
    const before = online().find((existing) => existing.name === name);
    const [started] = await start(deps, () => wishesOf(section), before);
    return one(c, endpointJson(started), before ? 200 : 201);
  });
  app.delete(`${ENDPOINTS}/:name`, async (c) => {
    await find(c.req.param("name")).close();
    return c.body(null, 204);
  });
}

function wishesOf(section: unknown): readonly FileWish[] {
  return endpointWishes(parseWith(endpointSectionSchema, section, "the endpoint"));
}

/**
 * Checks, and puts online.
 *
 * @param before what it replaces: it comes back when the new one is refused
 */
async function start(
  deps: AgentApiDeps,
  read: () => readonly FileWish[],
  before?: AgentEndpoint,
): Promise<readonly AgentEndpoint[]> {
  const { agent, clock } = deps;
  let wishes;
  try {
    wishes = await Promise.all(read().map(deps.prepare));
    // A fault is told before anything is taken down for it.
    for (const wish of wishes) readWish(wish);
  } catch (thrown) {
    throw invalid(thrown);
  }
  const taken = wishes.find(({ name }) =>
    agent.endpoints.some((one) => one !== before && one.name === name)
  );
  if (taken) throw invalid(new Error(`the name "${taken.name}" is taken`));
  // Programs wait and ask again when they read this sentence.
  if (agent.state !== "online") throw numbered(104, { err: NOT_READY, state: agent.state });
  await before?.close();
  const started: AgentEndpoint[] = [];
  try {
    for (const wish of wishes) {
      const late = "The edge has not answered";
      const twin = started.find(({ name }) => name === twinOf(wish));
      const asked = twin ? besideTwin(wish, twin.url) : wish;
      started.push(await deadline(clock, agent.forward(asked), START_MS, late));
    }
  } catch (thrown) {
    for (const one of started) await one.close();
    const asked = agent.endpoints.filter(({ name, url }) =>
      url === "" && wishes.some((wish) => wish.name === name)
    );
    for (const one of asked) await one.close();
    if (before) await agent.forward(before.options).catch(() => undefined);
    const error = toTunnelError(thrown);
    if (/^(config|address)_invalid$/.test(error.code)) throw invalid(error);
    throw numbered(103, { err: loggedError(error) });
  }
  return started;
}

function invalid(thrown: unknown): AgentProblem {
  return numbered(102, { err: thrown instanceof Error ? thrown.message : String(thrown) });
}
