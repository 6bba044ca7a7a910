/**
 * Gets what is at a URL, through the proxy of the configuration or the environment: who has one has
 * it for a reason, and nothing goes past it. The updater of an agent and `sallyport update` are given
 * it. The runtimes' own `fetch` take proxies in ways of their own, or none; this is the agent's way.
 *
 * @module
 */
import {
  isPassedBy,
  parseProxyUrl,
  proxyOfEnvironment,
  type ProxyWords,
} from "../../agent/proxy.ts";
import type { Runtime } from "../../runtime/host.ts";
import type { Fetch } from "../policy_source.ts";

/**
 * Makes the function that updates are fetched with.
 *
 * @param runtime network, time, and the environment that decides when the configuration does not
 * @param proxyUrl `proxy_url` of the configuration
 * @param plain gets what no proxy stands before
 * @throws {TunnelError} config_invalid when the proxy is none
 */
export function updateFetch(
  runtime: Pick<Runtime, "host" | "net" | "clock">,
  proxyUrl: string | undefined,
  plain: Fetch = fetch,
): Fetch {
  const words: ProxyWords = proxyUrl === undefined
    ? proxyOfEnvironment((name) => runtime.host.env(name))
    : { proxyUrl };
  if (words.proxyUrl === undefined) return plain;
  const proxy = parseProxyUrl(words.proxyUrl);
  return async (url, init) => {
    const { hostname, port, protocol } = new URL(url);
    const host = hostname.replace(/^\[|\]$/g, "");
    const usual = protocol === "https:" ? 443 : 80;
    if (isPassedBy(words.noProxy ?? "", host, Number(port || usual))) return await plain(url, init);
    const { fetchThrough } = await import("./proxied_fetch.ts");
    return await fetchThrough(proxy, runtime, url, init);
  };
}
