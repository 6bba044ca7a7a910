/**
 * The proxy between the agent and its edge: which one, from an option or from the environment, and
 * for whom it is passed by. `reach.ts` goes through it, the command line reads the environment.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { covers, parseCidr } from "../http/cidr.ts";
import { parseIp } from "../http/ip_address.ts";
import { formatHostPort } from "./address.ts";

/** A proxy. */
export interface Proxy {
  /** What it speaks; `https` is HTTP inside TLS. */
  readonly kind: "http" | "https" | "socks5";
  /** Name or IP without brackets. */
  readonly host: string;
  /** The port. */
  readonly port: number;
  /** Who we are to it; both empty for nobody. */
  readonly user: string;
  /** The secret. Never in a message. */
  readonly password: string;
}

/** What the environment says about proxies. */
export interface ProxyWords {
  /** The proxy. */
  readonly proxyUrl?: string;
  /** For whom it is passed by. */
  readonly noProxy?: string;
}

const PORTS = { http: 80, https: 443, socks5: 1080 } as const;

/**
 * Reads a proxy's URL.
 *
 * @param text `http://`, `https://` or `socks5://`, perhaps with `user:password@`; a host alone is http
 * @param source where it stands
 * @throws {TunnelError} config_invalid; the message keeps the credentials to itself
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseProxyUrl } from "./proxy.ts";
 *
 * const proxy = parseProxyUrl("socks5://ada:s%40cret@proxy.test");
 * assert.deepEqual(proxy, {
 *   kind: "socks5", host: "proxy.test", port: 1080, user: "ada", password: "s@cret",
 * });
 * ```
 */
export function parseProxyUrl(text: string, source = "the proxy URL"): Proxy {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1].toLowerCase() ?? "http";
  const kind = scheme === "socks5h" ? "socks5" : scheme;
  if (kind !== "http" && kind !== "https" && kind !== "socks5") {
    throw invalid(source, `"${scheme}://" is none of http://, https:// and socks5://`);
  }
  const rest = text.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "");
  let url: URL;
  let user: string;
  let password: string;
  try {
    // The URL parser gives hosts their one form for its own schemes alone.
    url = new URL(`http://${rest}`);
    user = decodeURIComponent(url.username);
    password = decodeURIComponent(url.password);
  } catch {
    throw invalid(source, "it is no URL; write http://host:port"); // the cause would show the secret
  }
  if (!/^\/?$/.test(url.pathname) || url.search !== "" || url.hash !== "") {
    throw invalid(source, "it is only a host and a port");
  }
  // The parser drops port 80, its own default, which is not the default of the others.
  const isEighty = url.port === "" && /:0*80\/?$/.test(rest);
  return {
    kind,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: isEighty ? 80 : Number(url.port || PORTS[kind]),
    user,
    password,
  };
}

function invalid(source: string, found: string): TunnelError {
  return new TunnelError("config_invalid", `Cannot use ${source}: ${found}`);
}

/** The proxy as it may be shown. */
export function showProxy({ kind, host, port }: Proxy): string {
  return `${kind}://${formatHostPort(host, port)}`;
}

/**
 * What a proxy that does not do its job gives.
 *
 * @param proxy which
 * @param target what it was to reach
 * @param found what it did
 */
export function proxyFailed(proxy: Proxy, target: string, found: string): TunnelError {
  return new TunnelError(
    "proxy_failed",
    `Cannot reach "${target}" through the proxy ${showProxy(proxy)}: ${found}`,
  );
}

/** In this order: the connection to an edge is TLS, so what stands for https says most. */
const VARIABLES = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy"];

/** Never through a proxy of the environment, as with most programs. */
const LOOPBACK = "localhost,127.0.0.0/8,::1";

/**
 * The proxy that the environment names.
 *
 * @param env gives a variable
 * @throws {TunnelError} config_invalid, naming the variable
 */
export function proxyOfEnvironment(env: (name: string) => string | undefined): ProxyWords {
  const name = VARIABLES.find((one) => env(one) !== undefined);
  if (name === undefined) return {};
  const proxyUrl = env(name)!;
  parseProxyUrl(proxyUrl, `the environment variable ${name}`);
  return { proxyUrl, noProxy: `${LOOPBACK},${env("no_proxy") ?? env("NO_PROXY") ?? ""}` };
}

/**
 * Whether a host is passed by the proxy.
 *
 * @param noProxy names, `.suffixes`, addresses and ranges, with a port perhaps; `*` is everything
 * @param host name or IP without brackets
 * @param port where it goes
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { isPassedBy } from "./proxy.ts";
 *
 * assert.ok(isPassedBy("10.0.0.0/8, .corp.test", "connect.corp.test", 443));
 * assert.ok(!isPassedBy("10.0.0.0/8, .corp.test", "connect.example.com", 443));
 * ```
 */
export function isPassedBy(noProxy: string, host: string, port: number): boolean {
  const name = host.toLowerCase();
  return noProxy.toLowerCase().split(/[\s,]+/).some((entry) => {
    if (entry === "") return false;
    if (entry === "*") return true;
    const range = parseCidr(entry);
    if (range) return covers(range, name);
    const [, bracketed, plain, onPort] =
      /^(?:\[([0-9a-f:.]+)\]|(.*?))(?::([0-9]+))?$/.exec(parseIp(entry) ? `[${entry}]` : entry) ??
        [];
    if (onPort !== undefined && Number(onPort) !== port) return false;
    if (bracketed !== undefined) return bracketed === name;
    const suffix = (plain ?? "").replace(/^\*?\./, "");
    return suffix !== "" && (name === suffix || name.endsWith(`.${suffix}`));
  });
}
