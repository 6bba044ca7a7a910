/**
 * Which public URL is wanted: the forms of `--url` (agent.md E3), their spelling checked before the
 * server is asked, with the error codes the server would answer with.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { type AddressFault, formatHostPort, parseHostPort } from "./address.ts";
import type { UpstreamKind } from "./upstream.ts";

/** What visitors of an endpoint speak. */
export type EndpointScheme = "http" | "https" | "tcp" | "tls";

/** A wanted public URL. */
export interface EndpointUrl {
  /** What visitors speak. */
  readonly scheme: EndpointScheme;
  /** Lower-case name; empty: any. `*.` in front is a wildcard. */
  readonly host: string;
  /** The port; `undefined`: the scheme's own, or any for tcp. */
  readonly port: number | undefined;
  /** How the server is asked for it; empty when https with any name will do, the server's default. */
  readonly url: string;
}

/**
 * Reads a wanted URL.
 *
 * @param text empty, `https://`, `example.org`, `https://h`, `tcp://h:12345`, `https://*.example.com`
 * @param kind what the endpoint is; `undefined` lets the scheme decide, with https for a bare name
 * @throws {TunnelError} address_invalid with ngrokCode 9034 (malformed), 9033 (port is no number),
 * 9035 (tcp without a port), 9036 (scheme), 9037 (a part that is not allowed), 9038 (trailing slash)
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseEndpointUrl } from "./endpoint_url.ts";
 *
 * assert.equal(parseEndpointUrl("App.example.org", "http").url, "https://app.example.org");
 * assert.equal(parseEndpointUrl("", "tcp").url, "tcp://");
 * ```
 */
export function parseEndpointUrl(
  text: string,
  kind?: UpstreamKind,
): EndpointUrl {
  const wanted = text.trim();
  const error: Fail = (reason, fault = "host", code = CODES[fault]) =>
    new TunnelError(
      "address_invalid",
      `Cannot use "${wanted}" as an endpoint URL: ${reason}`,
      {
        ngrokCode: code,
      },
    );
  const split = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(wanted);
  const scheme = split
    ? parseScheme(split[1].toLowerCase(), kind, error)
    : DEFAULTS[kind ?? "http"];
  const authority = split ? split[2] : wanted;
  if (authority === "") {
    const url = split || scheme !== "https" ? `${scheme}://` : "";
    return { scheme, host: "", port: undefined, url };
  }
  refuseParts(authority, error);
  const wildcard = authority.startsWith("*.");
  const { host, port } = parseHostPort(
    wildcard ? authority.slice(2) : authority,
    error,
  );
  if (host === "") throw error("the host name is missing");
  const name = wildcard ? `*.${host}` : host;
  // Which port the others may have depends on the server's doors: it refuses with the same number.
  if (scheme === "tcp" && port === undefined) {
    throw error("a tcp address needs a port", "port", 9035);
  }
  const bare = name.includes(":") ? `[${name}]` : name;
  const shown = port === undefined || port === PORTS[scheme] ? bare : formatHostPort(name, port);
  return { scheme, host: name, port, url: `${scheme}://${shown}` };
}

type Fail = (
  reason: string,
  fault?: AddressFault,
  code?: number,
) => TunnelError;

const CODES: Record<AddressFault, number> = {
  host: 9034,
  port: 9033,
  scheme: 9036,
  part: 9037,
  slash: 9038,
};

const DEFAULTS: Record<UpstreamKind, EndpointScheme> = {
  http: "https",
  tcp: "tcp",
  tls: "tls",
};

const PORTS: Partial<Record<EndpointScheme, number>> = {
  http: 80,
  https: 443,
  tls: 443,
};

const KINDS: Record<EndpointScheme, UpstreamKind> = {
  http: "http",
  https: "http",
  tcp: "tcp",
  tls: "tls",
};

/** What an endpoint of this scheme forwards to. */
export function kindOfScheme(scheme: EndpointScheme): UpstreamKind {
  return KINDS[scheme];
}

function parseScheme(
  scheme: string,
  kind: UpstreamKind | undefined,
  error: Fail,
): EndpointScheme {
  if (!Object.hasOwn(KINDS, scheme)) {
    throw error(
      `the scheme "${scheme}" is not supported; use https://, http://, tcp:// or tls://`,
      "scheme",
    );
  }
  const known = scheme as EndpointScheme;
  if (kind !== undefined && KINDS[known] !== kind) {
    const fitting = kind === "http" ? "https:// or http://" : `${kind}://`;
    throw error(
      `the scheme "${scheme}" does not fit this endpoint; use ${fitting}`,
      "scheme",
    );
  }
  return known;
}

function refuseParts(authority: string, error: Fail): void {
  if (authority.endsWith("/") && !/[/\\?#@]/.test(authority.slice(0, -1))) {
    throw error("remove the trailing slash", "slash");
  }
  const at = authority.search(/[/\\?#]/);
  if (at >= 0) {
    throw error(`"${authority.slice(at)}" cannot be part of it`, "part");
  }
  if (authority.includes("@")) {
    throw error("a user name cannot be part of it", "part");
  }
  if (
    authority.lastIndexOf("*") > 0 ||
    (authority.startsWith("*") && authority[1] !== ".")
  ) {
    throw error('"*" can only be the whole first label, as in "*.example.com"');
  }
}
