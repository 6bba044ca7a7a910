/**
 * Who may talk to the agent's API: programs on this machine, and its own page. Not a page of
 * somebody else in a browser on this machine, neither by a name that leads here (DNS rebinding) nor
 * by asking across sites.
 *
 * @module
 */
import { type Cidr, covers, parseCidr } from "../../http/cidr.ts";
import { parseIp } from "../../http/ip_address.ts";

/** What the guard knows. */
export interface GuardOptions {
  /**
   * Whom to answer to beside this machine's own names: `inspect.test`, `.lan`, addresses and ranges of
   * them; `*` is everybody.
   */
  readonly allowHosts: readonly string[];
  /** Where the API listens: `127.0.0.1:4040`. */
  readonly address: string;
}

const LOOPBACK = ["127.0.0.0/8", "::1/128"].flatMap((range) => parseCidr(range) ?? []);

/**
 * Looks at a request.
 *
 * @param request what came
 * @param options what may come
 * @returns the refusal, or `undefined` when it may pass
 */
export function refuseStranger(
  request: Request,
  options: GuardOptions,
): Response | undefined {
  const url = new URL(request.url);
  if (!isAllowedHost(url.hostname, options)) {
    return plain(
      401,
      `Rejected host "${url.host}".\n\n` +
        "If you are using an ngrok tunnel to access this page remotely, please rewrite the host " +
        `header to "${options.address}", or to whatever "web_addr" port value you have in your ` +
        "configuration file.\n",
    );
  }
  const origin = request.headers.get("origin");
  if (origin !== null && !isSameHost(origin, url)) {
    return plain(403, `Rejected origin "${origin.slice(0, 200)}".\n`);
  }
  const site = request.headers.get("sec-fetch-site");
  const isForeign = site === "cross-site" || site === "same-site";
  // A link on another page may open ours; nothing on it may ask ours.
  const isVisit = request.method === "GET" &&
    request.headers.get("sec-fetch-mode") === "navigate" &&
    request.headers.get("sec-fetch-dest") === "document";
  if (isForeign && !isVisit) return plain(403, "Rejected a request from another site.\n");
  return undefined;
}

/**
 * An address cannot be made to lead elsewhere, a name can: any is answered to, unless the list names
 * addresses, and says with that which ones.
 */
function isAllowedHost(host: string, { allowHosts, address }: GuardOptions): boolean {
  const bare = host.replace(/^\[|\]$/g, "");
  const entries = allowHosts.map(withoutPort);
  if (entries.includes("*")) return true;
  if (parseIp(bare) === undefined) {
    return host === "localhost" || host.endsWith(".localhost") ||
      entries.some((name) => isNamed(host, name));
  }
  const ranges = entries.flatMap((entry) => rangeOf(entry) ?? []);
  return ranges.length === 0 || bare === withoutPort(address) ||
    [...LOOPBACK, ...ranges].some((range) => covers(range, bare));
}

/** `.lan` and `*.lan` are all names below it. */
function isNamed(host: string, entry: string): boolean {
  const name = entry.replace(/^\*(?=\.)/, "");
  return name.startsWith(".") ? host.endsWith(name) && host !== name : host === name;
}

/** In lower case, without brackets. */
function withoutPort(entry: string): string {
  const text = entry.trim().toLowerCase();
  const bracketed = /^\[([0-9a-f:.]+)\](?::\d+)?$/.exec(text)?.[1];
  if (bracketed !== undefined) return bracketed;
  return parseIp(text) || parseCidr(text) ? text : text.replace(/:\d+$/, "");
}

function rangeOf(entry: string): Cidr | undefined {
  const bytes = parseIp(entry);
  return bytes ? { bytes, bits: bytes.length * 8 } : parseCidr(entry);
}

/** A page behind a proxy that speaks TLS has `https` in its origin: the scheme is no matter. */
function isSameHost(origin: string, url: URL): boolean {
  return URL.canParse(origin) && new URL(origin).host === url.host;
}

function plain(status: number, text: string): Response {
  return new Response(text, {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
    },
  });
}
