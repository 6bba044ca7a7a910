/**
 * Who may talk to the agent's API: programs on this machine, and its own page. Not a page of
 * somebody else in a browser on this machine, neither by a name that leads here (DNS rebinding) nor
 * by asking across sites.
 *
 * @module
 */
import { parseIp } from "../../http/ip_address.ts";

/** What the guard knows. */
export interface GuardOptions {
  /** Names to answer to beside this machine's own; `*` is all. */
  readonly allowHosts: readonly string[];
  /** Where the API listens: `127.0.0.1:4040`. */
  readonly address: string;
}

/**
 * Looks at a request.
 *
 * @param request what came
 * @param options what may come
 * @returns the refusal, or `undefined` when it may pass
 */
export function refuseStranger(
  request: Request,
  { allowHosts, address }: GuardOptions,
): Response | undefined {
  const url = new URL(request.url);
  if (!isAllowedHost(url.hostname, allowHosts)) {
    return plain(
      401,
      `Rejected host "${url.host}".\n\n` +
        "If you are using an ngrok tunnel to access this page remotely, please rewrite the host " +
        `header to "${address}", or to whatever "web_addr" port value you have in your ` +
        "configuration file.",
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

/** An address cannot be made to lead elsewhere, a name can. */
function isAllowedHost(host: string, allowHosts: readonly string[]): boolean {
  if (host === "localhost" || parseIp(host.replace(/^\[|\]$/g, "")) !== undefined) return true;
  return allowHosts.some((one) => {
    const name = one.toLowerCase().replace(/:\d+$/, "");
    return name === "*" || name === host || (name.startsWith("*.") && host.endsWith(name.slice(1)));
  });
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
