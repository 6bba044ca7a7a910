/**
 * Where updates come from, and who must have signed them: what the configuration says, else what is
 * compiled in. Nothing of both means no updates and no requests. `updater.ts` is made with it.
 *
 * @module
 */
import type { AgentSection } from "../../agent/file_sections.ts";
import { TunnelError } from "../../base/errors.ts";
import { BUILT_IN, type BuiltIn } from "./built_in.ts";
import { type Channel, readPublicKey } from "./manifest.ts";

/** A channel of somebody who publishes releases. */
export interface UpdateSource {
  /** The signed list of its releases. */
  readonly manifestUrl: string;
  /** Which it is. */
  readonly channel: Channel;
  /** Who must have signed it: public keys as base64, one of them will do. */
  readonly keys: readonly string[];
}

/**
 * The source of updates; `undefined` when there is none.
 *
 * @param agent the agent's section of the configuration
 * @param channel the one wanted; without it the one of the configuration, else stable
 * @param builtIn what is compiled in
 * @throws {TunnelError} config_invalid when the URL or the key is none, or the key is missing
 */
export function updateSourceOf(
  agent: AgentSection,
  channel?: Channel,
  builtIn: BuiltIn = BUILT_IN,
): UpdateSource | undefined {
  const url = agent.update_url ?? builtIn.url;
  if (url === "") return undefined;
  const keys = agent.update_key === undefined ? builtIn.keys : [agent.update_key];
  keys.forEach((key) => readPublicKey(key));
  if (keys.length === 0) {
    throw new TunnelError(
      "config_invalid",
      `Cannot take updates from "${url}": nothing says whose signature to trust; set update_key to the public key`,
    );
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new TunnelError(
      "config_invalid",
      `Cannot take updates from "${url}": it is no http:// or https:// URL`,
    );
  }
  const wanted = channel ?? agent.update_channel ?? "stable";
  const folder = new URL(url);
  if (!folder.pathname.endsWith("/")) folder.pathname += "/";
  return { manifestUrl: new URL(`${wanted}.json`, folder).href, channel: wanted, keys };
}
