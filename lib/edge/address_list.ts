/**
 * The list of addresses at which agents find the edge: `http://connect.<domain>/addresses.json`. Who
 * may open only named holes in a firewall reads it, and agents take it where no name server answers
 * (`dns_list`).
 *
 * `edge.ts` mounts it.
 *
 * @module
 */
import { toTunnelError } from "../base/errors.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { parseIp } from "../http/ip_address.ts";
import { serveFetch } from "../http/serve_fetch.ts";
import type { Net } from "../runtime/net.ts";
import type { Mounts } from "./mounts.ts";

/** Where the list is, and where agents of the ecosystem look for theirs. */
export const ADDRESS_LIST_PATHS: readonly string[] = ["/addresses.json", "/tunnel.json"];

/** How long an answer of the name servers is good: whoever asks often must not make us ask often. */
const FRESH_MS = 60_000;

/** What is needed to make the list. */
export interface AddressListOptions {
  /** The base domains. */
  readonly domains: readonly string[];
  /** Other names by which agents connect. */
  readonly agentNames: readonly string[];
  /** Further addresses of the edge: `host:port`. */
  readonly connectAddresses: readonly string[];
  /** Looks names up. */
  readonly net: Pick<Net, "lookUp">;
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
}

/** Names with their IP addresses. */
export type Addresses = Readonly<Record<string, readonly string[]>>;

/** The list, as the name servers of this machine have it. */
export class AddressList {
  readonly #options: AddressListOptions;
  readonly #names: readonly string[];
  #latest: Promise<Addresses> | undefined;
  #goodUntilMs = 0;

  /**
   * Asks nobody yet.
   *
   * @param options the names, and who looks them up
   */
  constructor(options: AddressListOptions) {
    this.#options = options;
    const { domains, agentNames, connectAddresses } = options;
    const further = connectAddresses.map((address) =>
      address.replace(/:\d+$/, "").replace(/^\[|\]$/g, "").toLowerCase()
    );
    this.#names = [
      ...new Set([...domains.map((domain) => `connect.${domain}`), ...agentNames, ...further]),
    ];
  }

  /** Every name that can be resolved, with its addresses; an IP address stands for itself. */
  read(): Promise<Addresses> {
    const nowMs = this.#options.clock.steady();
    if (!this.#latest || nowMs >= this.#goodUntilMs) {
      this.#goodUntilMs = nowMs + FRESH_MS;
      this.#latest = this.#lookUp();
    }
    return this.#latest;
  }

  async #lookUp(): Promise<Addresses> {
    const { net, logger } = this.#options;
    const found = await Promise.all(this.#names.map(async (name) => {
      if (parseIp(name) !== undefined) return [name, [name]] as const;
      try {
        return [name, await net.lookUp(name)] as const;
      } catch (thrown) {
        const { message: err } = toTunnelError(thrown);
        logger.log("warn", "a name of the edge does not resolve", { name, err });
        return [name, []] as const;
      }
    }));
    return Object.fromEntries(found.filter(([, addresses]) => addresses.length > 0));
  }
}

/**
 * Serves the list at `connect.<domain>` of each base domain. Over TLS that name is the agents' door.
 *
 * @param mounts the names that are served by others than endpoints
 * @param options the names, and who looks them up
 */
export function mountAddressList(mounts: Mounts, options: AddressListOptions): void {
  const { domains, clock, logger } = options;
  const list = new AddressList(options);
  const answer = async (request: Request): Promise<Response> => {
    if (ADDRESS_LIST_PATHS.includes(new URL(request.url).pathname)) {
      const headers = { "cache-control": "max-age=60" };
      return Response.json(await list.read(), { headers });
    }
    const words = `Agents connect here, over TLS; the addresses are at ${ADDRESS_LIST_PATHS[0]}\n`;
    return new Response(words, { status: 404 });
  };
  for (const domain of domains) {
    mounts.mount(
      `connect.${domain}`,
      (conn, scheme) => serveFetch(conn, answer, { clock, logger, scheme }),
    );
  }
}
