/**
 * The URLs of cloud endpoints: what a valid one is, and its one spelling (spec edge B).
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { checkReachable, isUnder, normalizeHost } from "../edge/names.ts";
import { decisiveNames } from "../edge/reserved_names.ts";
import { ApiProblem, problem } from "./problem.ts";

/** A URL in parts. */
export interface EndpointUrl {
  /** The one spelling: the usual port is left out. */
  readonly url: string;
  /** `http`, `https`, `tcp`, `tls`. */
  readonly scheme: string;
  /** Lower case; the first label may be `*`. */
  readonly host: string;
  /** The port, named or not. */
  readonly port: number;
  /** Whether the name is one that only the account's own endpoints can reach. */
  readonly isInternal: boolean;
}

/** What the edge offers. */
export interface UrlRules {
  /** Base domains. */
  readonly domains: readonly string[];
  /** The ports of its doors. */
  readonly ports: { readonly http?: number | undefined; readonly https?: number | undefined };
}

/** Internal names have five labels at most (spec edge B). */
const MAX_INTERNAL_LABELS = 5;

/**
 * Reads the URL of a cloud endpoint.
 *
 * @param given as it was written
 * @param rules what the edge offers
 * @throws {ApiProblem} 249, 18003, 18022, 18023
 */
export function readEndpointUrl(given: string, rules: UrlRules): EndpointUrl {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#@\s]*?)(?::(\d{1,5}))?$/.exec(given);
  if (!match) {
    const found = given.includes("://")
      ? "only a host and a port may follow the scheme"
      : 'it has no scheme, such as "https://"';
    throw problem(249, `Cannot use "${given}": ${found}`);
  }
  const scheme = match[1].toLowerCase();
  const usual = usualPort(scheme, rules);
  if (scheme !== "tcp" && usual === undefined) {
    const known = '"http", "https", "tcp" and "tls"';
    throw problem(18022, `Cannot use "${given}": the scheme must be one of ${known}`);
  }
  const host = readHost(given, match[2], rules);
  const isInternal = isUnder(host.replace(/^\*\./, ""), "internal");
  const port = match[3] === undefined ? usual : Number(match[3]);
  if (port === undefined) throw problem(18003, `Cannot use "${given}": a tcp URL names its port`);
  if (port < 1 || port > 65_535) {
    throw problem(18003, `Cannot use "${given}": ports go from 1 to 65535`);
  }
  if (!isInternal && usual !== undefined && port !== usual) {
    throw problem(18023, `Cannot use "${given}": the port of ${scheme} endpoints is ${usual}`);
  }
  const plain = port === { http: 80, https: 443, tls: 443 }[scheme];
  const url = `${scheme}://${host}${plain ? "" : `:${port}`}`;
  return { url, scheme, host, port, isInternal };
}

function usualPort(scheme: string, rules: UrlRules): number | undefined {
  if (scheme === "http") return rules.ports.http ?? 80;
  return scheme === "https" || scheme === "tls" ? rules.ports.https ?? 443 : undefined;
}

function readHost(given: string, text: string, rules: UrlRules): string {
  try {
    const host = normalizeHost(text);
    const name = host.replace(/^\*\./, "");
    if (!isUnder(name, "internal")) checkReachable(name, rules.domains);
    else if (host.split(".").length > MAX_INTERNAL_LABELS || name === "internal") {
      throw problem(
        249,
        `Cannot use "${given}": an internal name has two to ${MAX_INTERNAL_LABELS} parts`,
      );
    }
    return host;
  } catch (cause) {
    if (cause instanceof ApiProblem || !(cause instanceof TunnelError)) throw cause;
    const found = cause.message.slice(cause.message.lastIndexOf('": ') + 3);
    const message = `Cannot use "${given}": ${found}`;
    throw new ApiProblem(400, message, { ngrokCode: 249, cause });
  }
}

/** A URL that was read before, in parts again. */
export function splitUrl(url: string): { scheme: string; host: string; port: number } {
  const match = /^([a-z]+):\/\/([^:]*|\[.*\])(?::(\d+))?$/.exec(url);
  const [, scheme = "", host = "", port] = match ?? [];
  const usual = scheme === "http" ? 80 : scheme === "tcp" ? 0 : 443;
  return { scheme, host, port: port === undefined ? usual : Number(port) };
}

/**
 * Whether a reserved domain is about a name: the same, or above it, or a wildcard in its place. A
 * wildcard endpoint needs exactly its own wildcard (spec edge D).
 */
export function coversHost(domain: string, host: string): boolean {
  return namesAbove(host).includes(domain);
}

/** Every reservation that would cover a name, the most specific first. */
export function namesAbove(host: string): readonly string[] {
  return host.startsWith("*.") ? [host] : decisiveNames(host);
}
