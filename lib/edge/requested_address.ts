/**
 * Which public address a Bind asks for. Three generations of clients say it in three ways: `URL`
 * (Go SDK), `Domain` (Rust SDK), `Hostname`, `Subdomain` and `Addr` (v2); this file reads them all
 * and keeps the URL rules of edge B. Called by `bind.ts`.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import type { BindOptions } from "../wire/messages.ts";
import type { EndpointProto } from "./endpoint.ts";
import { checkReachable, isUnder, normalizeHost } from "./names.ts";

/** What was asked for; what is `undefined` the edge chooses. */
export interface RequestedAddress {
  /** Normalized; the first label may be `*`, except for tcp. */
  readonly host: string | undefined;
  /** Of tcp only: the others have one port. */
  readonly port: number | undefined;
}

/** What the edge offers, against which a request is checked. */
export interface AddressRules {
  /** Base domains; names are made under the first. */
  readonly domains: readonly string[];
  /** The public port of each protocol that has a door, as it stands in URLs. */
  readonly ports: { readonly [proto in "http" | "https" | "tls"]?: number | undefined };
  /** Names that the edge serves itself, and what they are for. */
  readonly ownHosts: ReadonlyMap<string, string>;
}

/** The protocols a URL may name. */
const SCHEMES: readonly string[] = ["http", "https", "tcp", "tls"];

/**
 * Reads the requested address out of the options of a Bind.
 *
 * @param proto what the bind is for
 * @param options as the agent wrote them; keys in any case
 * @param rules what the edge offers
 * @throws {TunnelError} refused or message_invalid, with the number of the rule that was broken
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { requestedAddress } from "./requested_address.ts";
 *
 * const rules = { domains: ["example.com"], ports: { https: 443 }, ownHosts: new Map() };
 * assert.equal(requestedAddress("https", { Subdomain: "shop" }, rules).host, "shop.example.com");
 * assert.equal(requestedAddress("tcp", { URL: "tcp://" }, rules).port, undefined);
 * ```
 */
export function requestedAddress(
  proto: EndpointProto,
  options: BindOptions,
  rules: AddressRules,
): RequestedAddress {
  return proto === "tcp"
    ? requestedTcpAddress(options, rules)
    : { host: requestedHost(proto, options, rules), port: undefined };
}

function requestedHost(
  proto: "http" | "https" | "tls",
  options: BindOptions,
  rules: AddressRules,
): string | undefined {
  const url = textOption(options, "URL");
  const fromUrl = url === "" ? undefined : parseUrl(url, proto);
  if (fromUrl?.port !== undefined && fromUrl.port !== rules.ports[proto]) {
    throw refuse(9035, url, `the port of ${proto} endpoints here is ${rules.ports[proto]}`);
  }
  // A request may say the same in two ways, as a rebind does; two different ones are a mistake.
  const named = [
    textOption(options, "Hostname"),
    textOption(options, "Domain"),
    fromUrl?.host ?? "",
  ].filter((text) => text !== "").map(normalizeHost);
  if (new Set(named).size > 1) {
    throw new TunnelError(
      "refused",
      `Cannot bind two names at once: the request says "${named.join('" and "')}"`,
      { ngrokCode: 9021 },
    );
  }
  // Hostname beats Subdomain: a v2 agent repeats the latter in its second bind (wire-protocol 5.2).
  const subdomain = textOption(options, "Subdomain");
  if (named.length === 0 && subdomain === "") return undefined;
  const host = named[0] ?? normalizeHost(`${subdomain}.${rules.domains[0]}`);
  checkOwn(host, rules);
  checkReachable(host.startsWith("*.") ? host.slice(2) : host, rules.domains);
  return host;
}

function requestedTcpAddress(options: BindOptions, rules: AddressRules): RequestedAddress {
  const addr = textOption(options, "Addr");
  const url = textOption(options, "URL");
  const text = addr === "" ? url : addr;
  if (text === "") return { host: undefined, port: undefined };
  const { host: hostText, port } = parseUrl(text, "tcp");
  if (hostText === "" && port === undefined) return { host: undefined, port: undefined };
  if (port === undefined) {
    throw refuse(
      9035,
      text,
      "a tcp address needs a port; leave the address out to get any free one",
    );
  }
  if (hostText === "") return { host: undefined, port };
  const host = normalizeHost(hostText);
  if (host.startsWith("*.") || !rules.domains.some((domain) => isUnder(host, domain))) {
    throw refuse(307, text, `tcp addresses of this edge look like "tcp://${rules.domains[0]}:n"`);
  }
  return { host, port };
}

/** Names that the edge keeps for itself. */
function checkOwn(host: string, { ownHosts }: AddressRules): void {
  const use = ownHosts.get(host);
  if (use === undefined) return;
  throw new TunnelError("refused", `Cannot bind "${host}": ${use}`, { ngrokCode: 320 });
}

/**
 * `scheme://host:port` in parts; the scheme may be left out. The host is not checked yet.
 *
 * @param text as the agent wrote it
 * @param proto what the bind is for
 * @param portCode the number of a port that does not exist. @default {9035}
 * @throws {TunnelError} refused with 9033 to 9038
 */
export function parseUrl(
  text: string,
  proto: EndpointProto,
  portCode = 9035,
): { host: string; port: number | undefined } {
  const match = /^(?:([^:/?#]*):\/\/)?([^/?#]*)(.*)$/s.exec(text);
  if (!match) throw refuse(9034, text, "it is no URL");
  const [, scheme = proto, authority, rest] = match;
  if (!SCHEMES.includes(scheme.toLowerCase())) {
    throw refuse(9036, text, `the scheme must be one of ${SCHEMES.join(", ")}`);
  }
  if (scheme.toLowerCase() !== proto) {
    throw refuse(9036, text, `the bind is for ${proto}`);
  }
  if (rest === "/") throw refuse(9038, text, 'it ends with a "/"');
  if (rest !== "") throw refuse(9037, text, "a path is not allowed");
  if (authority.includes("@")) throw refuse(9037, text, "a user is not allowed");
  const at = authority.lastIndexOf(":");
  if (at < 0 || authority.endsWith("]")) return { host: authority, port: undefined };
  const portText = authority.slice(at + 1);
  if (!/^\d+$/.test(portText)) throw refuse(9033, text, "the port must be a number");
  const port = Number(portText);
  if (port < 1 || port > 65_535) throw refuse(portCode, text, "ports go from 1 to 65535");
  return { host: authority.slice(0, at), port };
}

/**
 * An option that is text, whatever the case of its key; absent, null and empty are the same.
 *
 * @throws {TunnelError} message_invalid with 301 when it is something else
 */
export function textOption(options: BindOptions, key: string): string {
  const lower = key.toLowerCase();
  for (const [name, value] of Object.entries(options)) {
    if (name.toLowerCase() !== lower || value === null || value === undefined) continue;
    if (typeof value === "string") return value;
    throw new TunnelError("message_invalid", `Cannot read the bind: "${key}" must be text`, {
      ngrokCode: 301,
    });
  }
  return "";
}

function refuse(ngrokCode: number, text: string, found: string): TunnelError {
  return new TunnelError("refused", `Cannot bind "${text}": ${found}`, { ngrokCode });
}
