/**
 * The edge that an agent starts for itself when it has none to dial: the real one, on loopback, in
 * the same process, with the real protocol between the two (design decision 4). `tunnel.ts` calls it.
 *
 * @module
 */
import { parseEndpointUrl } from "../agent/endpoint_url.ts";
import type { UpstreamKind } from "../agent/upstream.ts";
import { type Duplex, pair } from "../base/duplex.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { EdgeOptions } from "../edge/config.ts";
import { startEdge } from "../edge/edge.ts";
import type { Edge } from "../edge/edge_handle.ts";
import type { ExchangeOver } from "../edge/events.ts";
import type { AgentViewOptions } from "./agent_view.ts";
import type { Cli } from "./command.ts";

/** An edge in this process. */
export interface EmbeddedEdge {
  /** Connects the agent to it. */
  dial(signal: AbortSignal): Promise<Duplex>;
  /** The URLs to ask it for, one for each that was wanted. */
  readonly urls: readonly string[];
  /**
   * The URL to ask it for, for an endpoint that comes later.
   *
   * @throws {TunnelError} address_invalid, usage: what needs a real edge
   */
  urlFor(want: LocalWant): string;
  /** What the status says about it. */
  readonly words: AgentViewOptions;
  /** Ends it, without waiting for visitors: the agent has done that. */
  close(): Promise<void>;
}

/** What somebody wants of it. */
export interface LocalWant {
  /** What visitors will speak. */
  readonly kind: UpstreamKind;
  /** The URL as the user wrote it; empty is any. */
  readonly wanted: string;
}

/** Where it listens when that port is free: one less to remember. */
const FAVOURITE_PORT = 4080;

const LOOPBACK = "127.0.0.1";

/** What a person can do about what it cannot do. */
const REMEDY = "or give the edge to connect to with --connect-url";

/**
 * Starts it.
 *
 * @param cli the machine, the log
 * @param wants the endpoints to come; none opens the door for those that come later
 * @param onExchange hears of each HTTP request that was answered
 * @throws {TunnelError} address_invalid, usage: what needs a real edge; address_in_use
 */
export async function startEmbeddedEdge(
  cli: Cli,
  wants: readonly LocalWant[],
  onExchange: (event: ExchangeOver) => void = () => {},
): Promise<EmbeddedEdge> {
  const places = wants.map(({ kind, wanted }) => localUrl(kind, wanted));
  const port = portOf(places.map((place) => place.port));
  const needsDoor = wants.length === 0 || wants.some(({ kind }) => kind === "http");
  const options: EdgeOptions = {
    embedded: true,
    domain: "localhost",
    tcpHost: LOOPBACK,
    // Opened when an endpoint comes, and the agent's API may bring one at any time.
    tcpPorts: "any",
    logger: cli.logger,
    onEvent: (event) => {
      if (event.type === "exchange_ended") onExchange(event);
    },
  };
  const edge = needsDoor
    ? await startWithDoor(cli, options, port)
    : await startEdge(options, cli.runtime);
  return {
    urls: places.map(({ url }) => url),
    urlFor: ({ kind, wanted }) => localUrl(kind, wanted).url,
    words: {
      isLocal: true,
      showsRequests: wants.every(({ kind }) => kind === "http"),
      hint:
        'To go public, run "sallyport edge" on a server and give it here: --connect-url <its address>',
    },
    dial() {
      const [ours, theirs] = pair();
      edge.acceptAgent(theirs, { host: LOOPBACK, port: 0 });
      return Promise.resolve(ours);
    },
    close: () => edge.close({ graceMs: 0 }),
  };
}

/** The one port of the door: it has no second. */
function portOf(wanted: readonly (number | undefined)[]): number | undefined {
  const [first, second] = [...new Set(wanted.filter((port) => port !== undefined))];
  if (second === undefined) return first;
  throw new TunnelError(
    "usage",
    `Cannot listen at the ports ${first} and ${second} here: the edge on this machine has one, ${REMEDY}`,
  );
}

/** Opens the HTTP door at the port asked for, or at the favourite, or at any. */
async function startWithDoor(
  { runtime }: Cli,
  options: EdgeOptions,
  port: number | undefined,
): Promise<Edge> {
  try {
    const http = { host: LOOPBACK, port: port ?? FAVOURITE_PORT };
    return await startEdge({ ...options, http }, runtime);
  } catch (thrown) {
    const { code } = toTunnelError(thrown);
    if (port !== undefined || !PORT_TROUBLE.has(code)) throw thrown;
    return await startEdge({ ...options, http: { host: LOOPBACK, port: 0 } }, runtime);
  }
}

/** Codes that another port can cure. */
const PORT_TROUBLE: ReadonlySet<string> = new Set(["address_in_use", "permission_denied"]);

/**
 * What to ask the edge on this machine for: names end in `.localhost`, the scheme is http, a port
 * is the port to listen at.
 *
 * @param kind what visitors will speak
 * @param wanted as the user wrote it
 * @throws {TunnelError} address_invalid, usage
 */
export function localUrl(
  kind: UpstreamKind,
  wanted: string,
): { readonly url: string; readonly port: number | undefined } {
  if (kind === "tls") {
    throw new TunnelError(
      "usage",
      "Cannot put a tls endpoint online here: it needs an edge to connect to; give it with --connect-url",
    );
  }
  if (kind === "tcp") {
    return { url: parseEndpointUrl(wanted, "tcp").url, port: undefined };
  }
  const [, scheme = "http", rest] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(wanted.trim()) ??
    [];
  const [, host, port] = /^(.*?)(?::(\d{1,5}))?$/s.exec(rest ?? "") ?? [];
  const name = parseEndpointUrl(`${scheme}://${host}`, "http").host;
  if (scheme.toLowerCase() === "https") {
    throw unfit(
      wanted,
      `https needs an edge with certificates; write "http://${rest}"`,
    );
  }
  if (name.includes(":")) {
    throw unfit(wanted, "visitors need a name, not an address");
  }
  if (name.includes(".") && !name.endsWith(".localhost")) {
    const first = name.replace(/^\*\./, "").split(".")[0];
    throw unfit(
      wanted,
      `names on this machine end in ".localhost"; write "${first}.localhost"`,
    );
  }
  const isWhole = name === "" || name === "localhost" || name.includes(".");
  const whole = isWhole ? name : `${name}.localhost`;
  return {
    url: `http://${whole}`,
    port: port === undefined ? undefined : Number(port),
  };
}

function unfit(wanted: string, found: string): TunnelError {
  return new TunnelError(
    "address_invalid",
    `Cannot use "${wanted}" here: ${found}, ${REMEDY}`,
  );
}
