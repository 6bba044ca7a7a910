/**
 * Gets what is at a URL, through the proxy of the configuration: who has one has it for a reason, and
 * nothing goes past it. The updater of an agent and `sallyport update` are given it.
 *
 * @module
 */
import { TunnelError } from "../../base/errors.ts";
import type { Host } from "../../runtime/host.ts";
import type { Fetch } from "../policy_source.ts";

/**
 * Makes the function that updates are fetched with.
 *
 * @param runtime which runs the program: Bun, and with it every compiled release, takes a proxy
 * @param proxyUrl `proxy_url` of the configuration; without it the environment decides
 * @param plain what gets it in the end
 */
export function updateFetch(
  runtime: Host["runtime"]["name"],
  proxyUrl: string | undefined,
  plain: Fetch = fetch,
): Fetch {
  if (proxyUrl === undefined) return plain;
  const isKnown = runtime === "bun" && /^https?:\/\//i.test(proxyUrl);
  return (url, init) => {
    if (isKnown) return plain(url, { ...init, proxy: proxyUrl } as RequestInit);
    const found = runtime === "bun"
      ? `updates do not pass a proxy such as "${proxyUrl.replace(/:.*/s, "")}"`
      : `updates do not pass a proxy on ${runtime}`;
    return Promise.reject(new TunnelError("usage", `Cannot fetch "${url}": ${found}`));
  };
}
