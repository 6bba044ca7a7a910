/**
 * Where the edge is: the ways to find out, one per attempt in rotation (spec agent E1, S106-S110).
 * `dial.ts` has one of these for each address it dials.
 *
 * A name that is not public by its form never leaves for a public name server, and neither does any
 * when the user has named name servers of his own: who does so knows why.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { TunnelError } from "../base/errors.ts";
import { parseIp } from "../http/ip_address.ts";
import type { Files } from "../runtime/host.ts";
import type { Net } from "../runtime/net.ts";
import { fetchWhole, type OpenWeb, resolveOverHttps } from "./resolve_https.ts";
import { findInList, MAX_LIST_BYTES } from "./resolve_list.ts";

/** A way to find addresses: the system's, public name servers, DNS over HTTPS, a list of addresses. */
export type DnsMechanism = "system" | "public" | "https" | "list";

/** How addresses are found. */
export interface ResolveOptions {
  /** Asked instead of the system; empty for the system. */
  readonly resolverIps: readonly string[];
  /** The ways that may be gone, in their order; `undefined` leaves it to the name. */
  readonly mechanisms: readonly DnsMechanism[] | undefined;
  /** The public name servers. */
  readonly publicIps: readonly string[];
  /** The servers that speak DNS over HTTPS. */
  readonly httpsUrls: readonly string[];
  /** Path or URL of the list of addresses. */
  readonly list: string | undefined;
}

/** Whom to ask when the system's name servers are broken: Google and Cloudflare. */
export const PUBLIC_RESOLVER_IPS: readonly string[] = ["8.8.8.8", "1.1.1.1", "8.8.4.4"];

/** The same over HTTPS; by address, for names do not resolve then. */
export const PUBLIC_HTTPS_URLS: readonly string[] = [
  "https://8.8.8.8/dns-query",
  "https://1.1.1.1/dns-query",
];

/** What looking up needs. */
export interface ResolverOptions {
  /** How addresses are found. */
  readonly resolve: ResolveOptions;
  /** The network. */
  readonly net: Net;
  /** Files: the list may be one. */
  readonly files: Files;
  /** Time. */
  readonly clock: Clock;
  /** Opens connections for questions over HTTPS. */
  readonly openWeb: OpenWeb;
}

/** Where an attempt goes. */
export interface Found {
  /** Which way found it; `known` is what was reached before. */
  readonly by: DnsMechanism | "known";
  /** The addresses; `undefined` leaves the look-up to the network. */
  readonly addresses: readonly string[] | undefined;
}

/** Finds the addresses of one host, attempt by attempt. */
export class Resolver {
  readonly #options: ResolverOptions;
  readonly #host: string;
  readonly #ways: readonly DnsMechanism[];
  #way = 0;
  #others = 0;
  #lastGood: string | undefined;
  #triesLastGood = false;

  /**
   * Begins with the first way.
   *
   * @param host name or address
   * @param options what looking up needs
   */
  constructor(host: string, options: ResolverOptions) {
    this.#host = host;
    this.#options = options;
    this.#ways = mechanismsFor(host, options.resolve);
  }

  /** What the next attempt uses. */
  get by(): Found["by"] {
    return this.#triesLastGood ? "known" : this.#ways[this.#way];
  }

  /**
   * Looks the host up, the way whose turn it is.
   *
   * @param timeoutMs limit
   * @param signal cancels it
   * @throws {TunnelError} host_not_found, timed_out, aborted …
   */
  async find(timeoutMs: number, signal: AbortSignal): Promise<Found> {
    const { by } = this;
    if (by === "known") return { by, addresses: [this.#lastGood!] };
    if (parseIp(this.#host)) return { by, addresses: undefined };
    return { by, addresses: await this.#ask(by, timeoutMs, signal) };
  }

  async #ask(
    by: DnsMechanism,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<readonly string[] | undefined> {
    const { resolve, net, clock, openWeb } = this.#options;
    const name = this.#host;
    switch (by) {
      case "system": {
        const servers = resolve.resolverIps;
        // The network looks up what it dials: both together have one limit.
        return servers.length === 0
          ? undefined
          : await net.lookUp(name, { servers, timeoutMs, signal });
      }
      case "public":
        return await net.lookUp(name, { servers: resolve.publicIps, timeoutMs, signal });
      case "https":
        return await resolveOverHttps(clock, openWeb, resolve.httpsUrls, name, timeoutMs, signal);
      case "list":
        return findInList(await this.#readList(timeoutMs, signal), name, resolve.list!);
    }
  }

  async #readList(timeoutMs: number, signal: AbortSignal): Promise<string> {
    const { resolve, files, clock, openWeb } = this.#options;
    const list = resolve.list!;
    if (!/^https?:\/\//i.test(list)) return await files.readText(list);
    const url = new URL(list);
    const bytes = await fetchWhole(clock, openWeb, url, {}, MAX_LIST_BYTES, timeoutMs, signal);
    return new TextDecoder().decode(bytes);
  }

  /**
   * An attempt led to the edge: the next one begins the same way.
   *
   * @param address the one that was reached
   */
  reached(address: string): void {
    if (!this.#triesLastGood && parseIp(address)) this.#lastGood = address;
    this.#triesLastGood = false;
  }

  /**
   * An attempt failed: another way has its turn. A way that found nothing hands over to the next
   * one, and behind the last one comes the address that was reached before. One that found addresses
   * may well be right, and the edge down: then every other attempt is the first way's.
   *
   * @param foundNothing whether it was the look-up that failed
   */
  failed(foundNothing: boolean): void {
    const count = this.#ways.length;
    if (this.#triesLastGood) {
      this.#triesLastGood = false;
      this.#way = 0;
    } else if (foundNothing) {
      const isLast = this.#way === count - 1;
      this.#triesLastGood = isLast && this.#lastGood !== undefined;
      this.#way = isLast ? 0 : this.#way + 1;
    } else {
      this.#way = this.#way === 0 && count > 1 ? 1 + this.#others++ % (count - 1) : 0;
    }
  }
}

/**
 * The ways that may be gone to a host, in their order.
 *
 * @param host name or address
 * @param options what the user has said
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { mechanismsFor, PUBLIC_HTTPS_URLS, PUBLIC_RESOLVER_IPS } from "./resolve.ts";
 *
 * const options = {
 *   resolverIps: [],
 *   mechanisms: undefined,
 *   publicIps: PUBLIC_RESOLVER_IPS,
 *   httpsUrls: PUBLIC_HTTPS_URLS,
 *   list: undefined,
 * };
 * assert.deepEqual(mechanismsFor("connect.sallyport.dev", options), ["system", "public", "https"]);
 * assert.deepEqual(mechanismsFor("edge.corp.internal", options), ["system"]);
 * ```
 */
export function mechanismsFor(host: string, options: ResolveOptions): readonly DnsMechanism[] {
  if (parseIp(host) || !host.includes(".")) {
    // A word alone is a name of this network, if anybody's.
    return options.list !== undefined && !parseIp(host) ? ["system", "list"] : ["system"];
  }
  const wanted = options.mechanisms ?? defaultMechanisms(host, options);
  const possible = wanted.filter((one) => one !== "list" || options.list !== undefined);
  if (possible.length > 0) return possible;
  throw new TunnelError(
    "config_invalid",
    "Cannot use the DNS mechanisms: only the list is wanted, and there is none; give dns_list",
  );
}

function defaultMechanisms(host: string, options: ResolveOptions): readonly DnsMechanism[] {
  return isPublicName(host) && options.resolverIps.length === 0
    ? ["system", "public", "https", "list"]
    : ["system", "list"];
}

/**
 * Top-level domains and domains that are not of the public DNS: RFC 6761 and its registry, RFC 8375,
 * ICANN's `internal`, and those that networks at home and at work use by habit.
 */
const NOT_PUBLIC =
  /(^|\.)(localhost|local|test|invalid|example|example\.(com|net|org)|onion|alt|internal|intranet|private|corp|home|lan|localdomain|home\.arpa)$/;

/** Whether a name can be of the public DNS, by its form. */
export function isPublicName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  return name.includes(".") && parseIp(name) === undefined && !NOT_PUBLIC.test(name);
}
