/**
 * The agents that run on this machine, by their APIs: which there are, what they have online, and
 * what they are asked. `commands/ps.ts`, `stop.ts` and `start.ts` call it.
 *
 * @module
 */
import { toTunnelError, TunnelError } from "../base/errors.ts";
import { check, z } from "../base/schema.ts";
import { reasonPhrase } from "../http/response.ts";
import type { Host, Runtime } from "../runtime/host.ts";
import { type ApiReply, askApi } from "./api_client.ts";
import type { Input } from "./command.ts";
import { loadConfig } from "./config_file.ts";
import { dialable, parseListenAddress } from "./listen_address.ts";
import type { LoadedConfig } from "./loaded_config.ts";
import { chooseWishes } from "./start_wishes.ts";
import { withPolicy } from "./policy_source.ts";

/** An endpoint that is online. */
export interface RunningEndpoint {
  /** Its local name. */
  readonly name: string;
  /** Its public URL. */
  readonly url: string;
  /** The service. */
  readonly upstream: string;
  /** Connections that are open. */
  readonly openConnections: number;
  /** All connections so far. */
  readonly totalConnections: number;
}

/** An agent that runs on this machine. */
export interface RunningAgent {
  /** Where its API is: `127.0.0.1:4040`. */
  readonly address: string;
  /** What is online. */
  readonly endpoints: readonly RunningEndpoint[];
}

const FIRST_PORT = 4040;

/** How many ports are asked: who runs more agents says where. */
const PORTS = 10;

/** On this machine an answer takes no time; a stranger at the port may keep silent. */
const LOOK_MS = 3_000;

/** The answer to a start waits for the edge. */
const START_MS = 30_000;

const NUMBERS = z.object({ count: z.number(), gauge: z.number().optional() });

const ENDPOINT = z.object({
  name: z.string(),
  url: z.string(),
  upstream: z.object({ url: z.string() }),
  metrics: z.object({ conns: NUMBERS }),
});

const ENDPOINTS = z.object({ endpoints: z.array(ENDPOINT) });

const TUNNEL = z.object({
  name: z.string(),
  public_url: z.string(),
  config: z.object({ addr: z.string() }),
});

/**
 * Where the flags and the configuration say that an agent is.
 *
 * @param host the machine
 * @param input the flags
 * @returns `undefined` when nothing says so
 * @throws {TunnelError} what is wrong with the configuration
 */
export async function webAddrOf(
  host: Host,
  input: Input<"web-addr" | "config">,
): Promise<string | undefined> {
  const given = input.flag("web-addr");
  if (given !== undefined) return given;
  return webAddrIn(await loadConfig(host, input.all("config")));
}

/**
 * Where a configuration says that its agent is.
 *
 * @param config the configuration
 * @returns `undefined` when it leaves the agent the usual ports
 */
export function webAddrIn({ file: { agent } }: LoadedConfig): string | undefined {
  const { web_addr: said } = agent;
  return said === "false" || said?.endsWith(`:${FIRST_PORT}`) ? undefined : said;
}

/**
 * Finds the agents.
 *
 * @param runtime network, time
 * @param webAddr where one is; without it the usual ports of this machine are asked
 * @returns by their ports
 * @throws {TunnelError} with `webAddr`: usage, connection_refused, not_found …
 */
export async function findAgents(
  runtime: Runtime,
  webAddr: string | undefined,
): Promise<readonly RunningAgent[]> {
  if (webAddr !== undefined) {
    const address = dialable(parseListenAddress(webAddr, "web-addr"));
    return [await look(runtime, address)];
  }
  const ports = Array.from({ length: PORTS }, (_, index) => FIRST_PORT + index);
  const found = await Promise.all(ports.map(async (port) => {
    try {
      return await look(runtime, `127.0.0.1:${port}`);
    } catch (thrown) {
      // Nobody asked for this port in particular: whatever is there is no agent.
      if (thrown instanceof TunnelError) return undefined;
      throw thrown;
    }
  }));
  return found.filter((one) => one !== undefined);
}

async function look(runtime: Runtime, address: string): Promise<RunningAgent> {
  const noAgent = (found: string, cause?: unknown) =>
    new TunnelError("not_found", `What listens at "${address}" is no agent: ${found}`, { cause });
  let reply: ApiReply;
  try {
    reply = await ask(runtime, address, "GET", "/api/endpoints", undefined, LOOK_MS);
  } catch (thrown) {
    const error = toTunnelError(thrown);
    throw error.code === "http_invalid" ? noAgent("its answer is no JSON", error) : error;
  }
  if (reply.status !== 200) throw noAgent(`it answered ${reply.status}`);
  const read = check(ENDPOINTS, reply.json);
  if (!read.ok) throw noAgent("its answer is not a list of endpoints");
  return {
    address,
    endpoints: read.value.endpoints.map(({ name, url, upstream, metrics: { conns } }) => ({
      name,
      url,
      upstream: upstream.url,
      openConnections: conns.gauge ?? 0,
      totalConnections: conns.count,
    })),
  };
}

/**
 * Puts endpoints and tunnels of the configuration online in an agent that runs already.
 *
 * @param runtime network, files, time
 * @param agent which one
 * @param config where they are described
 * @param names which of them
 * @param onStarted hears of each
 * @throws {TunnelError} usage for a name that is not there; refused in the agent's words
 */
export async function startIn(
  runtime: Runtime,
  { address }: RunningAgent,
  config: LoadedConfig,
  names: readonly string[],
  onStarted: (started: Pick<RunningEndpoint, "name" | "url" | "upstream">) => void,
): Promise<void> {
  const { file: { endpoints, tunnels } } = config;
  // All is checked before anything starts.
  const bodies = await Promise.all(names.map(async (name) => {
    const [wish] = chooseWishes(config, { names: [name], all: false, none: false });
    // Where the policy is, is said from here: the agent may run in another folder.
    const { trafficPolicy } = await withPolicy(runtime.host, wish);
    const section = endpoints.find((one) => one.name === name);
    if (!section) return { target: "/api/tunnels", body: { ...tunnels[name], name } };
    const { traffic_policy_file: _file, traffic_policy_url: _url, ...rest } = section;
    const body = { ...rest, traffic_policy: trafficPolicy };
    return { target: "/api/endpoints", body };
  }));
  for (const { target, body } of bodies) {
    const reply = await ask(runtime, address, "POST", target, body, START_MS);
    if (reply.status !== 201) throw refusal(`Cannot start "${body.name}"`, reply);
    const endpoint = check(ENDPOINT, reply.json);
    const tunnel = check(TUNNEL, reply.json);
    if (endpoint.ok) {
      const { name, url, upstream } = endpoint.value;
      onStarted({ name, url, upstream: upstream.url });
    } else if (tunnel.ok) {
      const { name, public_url, config: { addr } } = tunnel.value;
      onStarted({ name, url: public_url, upstream: addr });
    }
  }
}

/**
 * Takes an endpoint offline.
 *
 * @param runtime network, time
 * @param agent whose
 * @param name which
 * @throws {TunnelError} not_found, refused in the agent's words
 */
export async function stopIn(
  runtime: Runtime,
  { address }: RunningAgent,
  name: string,
): Promise<void> {
  const target = `/api/endpoints/${encodeURIComponent(name)}`;
  const reply = await ask(runtime, address, "DELETE", target, undefined, START_MS);
  if (reply.status !== 204) throw refusal(`Cannot stop "${name}"`, reply);
}

function ask(
  runtime: Runtime,
  address: string,
  method: string,
  target: string,
  body: unknown,
  timeoutMs: number,
): Promise<ApiReply> {
  return askApi(runtime, { apiUrl: `http://${address}`, method, target, body, timeoutMs });
}

/** Why nothing can be asked where no agent was found. */
export function noAgentHere(): TunnelError {
  return new TunnelError(
    "not_found",
    `No agent runs on this machine: none answers at 127.0.0.1, ports ${FIRST_PORT} to ` +
      `${FIRST_PORT + PORTS - 1}; start one with "sallyport start", or say where with --web-addr`,
  );
}

const PROBLEM = z.object({
  msg: z.string(),
  details: z.object({ err: z.string().optional() }).optional(),
});

/** The agent's own words, as an error of ours. */
function refusal(tried: string, { status, json }: ApiReply): TunnelError {
  const read = check(PROBLEM, json);
  const { msg, details } = read.ok ? read.value : { msg: reasonPhrase(status) };
  const found = details?.err ?? msg;
  return new TunnelError(status === 404 ? "not_found" : "refused", `${tried}: ${found}`);
}
