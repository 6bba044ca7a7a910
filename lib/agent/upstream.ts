/**
 * Where traffic goes on the agent's side: every form in which a person may name a local service
 * (agent.md E4), read into one shape. Called by the agent for each endpoint and by the command line
 * before anything is connected.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { type AddressFault, formatHostPort, parseHostPort } from "./address.ts";

/** What the endpoint in front of an upstream speaks. */
export type UpstreamKind = "http" | "tcp" | "tls";

/**
 * How the agent speaks to the upstream. `https` and `tls` are encrypted; `unix` is a socket file;
 * `pipe` is a named pipe of Windows; `file` is a directory, which the agent serves itself.
 */
export type UpstreamScheme = "http" | "https" | "tcp" | "tls" | "unix" | "pipe" | "file";

/** A service the agent forwards to. */
export interface Upstream {
  /** What the endpoint speaks. */
  readonly kind: UpstreamKind;
  /** How it is spoken to. */
  readonly scheme: UpstreamScheme;
  /** Name or IP without brackets; empty for a unix socket, a pipe and a directory. */
  readonly host: string;
  /** The port; 0 for a unix socket, a pipe and a directory. */
  readonly port: number;
  /** The path of a unix socket, a pipe or a directory. */
  readonly path?: string;
  /** The canonical URL: what logs, events and the server are told. */
  readonly display: string;
}

/** What a browser on this machine would send as `Host`; what is a path has no name of its own. */
export function hostOf({ scheme, host, port }: Upstream): string {
  if (scheme === "unix" || scheme === "pipe" || scheme === "file") return "localhost";
  const usual = scheme === "https" ? 443 : 80;
  // The zone of a link-local address is this machine's own affair (RFC 6874 section 1).
  const plain = host.replace(/%.*$/, "");
  const bare = plain.includes(":") ? `[${plain}]` : plain;
  return port === usual ? bare : formatHostPort(plain, port);
}

/**
 * Reads an upstream address.
 *
 * @param text `8080`, `host:1234`, `[::1]:80`, `https://h:8443`, `tls://h:p`, `unix:/run/app.sock`, `file:///srv/www` …
 * @param kind what the endpoint speaks; it decides the scheme and which forms make sense
 * @throws {TunnelError} address_invalid, naming the address and what is wrong with it
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseUpstream } from "./upstream.ts";
 *
 * assert.equal(parseUpstream(8080, "http").display, "http://localhost:8080");
 * assert.equal(parseUpstream("443", "http").display, "https://localhost:443");
 * assert.equal(parseUpstream("[::1]:22", "tcp").display, "tcp://[::1]:22");
 * ```
 */
export function parseUpstream(
  text: string | number,
  kind: UpstreamKind,
): Upstream {
  const address = String(text).trim();
  function error(reason: string, _fault?: AddressFault): TunnelError {
    return new TunnelError(
      "address_invalid",
      `Cannot use "${address}" as the upstream of ${article(kind)} endpoint: ${reason}`,
    );
  }
  if (address === "") throw error("it is empty; give a port, host:port or URL");
  if (/^unix:/i.test(address)) return parseUnix(address, kind, error);
  if (/^file:/i.test(address)) return parseFile(address, kind, error);
  if (/^(?:n?pipe:|\\\\|\/\/)/i.test(address)) return parsePipe(address, kind, error);
  const split = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(address);
  if (!split) return parseBare(address, kind, error);
  const scheme = split[1].toLowerCase();
  if (!isScheme(scheme)) {
    throw error(
      `the scheme "${scheme}" is not supported; use ${schemesOf(kind)}`,
    );
  }
  if (!SCHEMES[kind].includes(scheme)) {
    throw error(
      `the scheme "${scheme}" does not fit ${article(kind)} endpoint; use ${schemesOf(kind)}`,
    );
  }
  return parseUrl(split[2], scheme, kind, error);
}

const SCHEMES: Record<UpstreamKind, readonly string[]> = {
  http: ["http", "https"],
  tcp: ["tcp", "tls"],
  tls: ["tls", "tcp"],
};

const DEFAULT_PORTS: Partial<Record<UpstreamScheme, number>> = {
  http: 80,
  https: 443,
};

type UrlScheme = Exclude<UpstreamScheme, "unix" | "pipe" | "file">;

type Fail = (reason: string, fault?: AddressFault) => TunnelError;

function isScheme(text: string): text is UrlScheme {
  return text === "http" || text === "https" || text === "tcp" ||
    text === "tls";
}

function schemesOf(kind: UpstreamKind): string {
  return `${SCHEMES[kind].map((scheme) => `${scheme}://`).join(" or ")}`;
}

function article(kind: UpstreamKind): string {
  return kind === "http" ? "an http" : `a ${kind}`;
}

/** `8080`, `:8080`, `host`, `host:1234`, `[::1]:80`: the kind and the port tell the scheme. */
function parseBare(text: string, kind: UpstreamKind, error: Fail): Upstream {
  const address = kind === "http" ? text.replace(/(?<=.)\/$/, "") : text;
  refuseParts(address, error);
  const { host, port } = /^[0-9]+$/.test(address)
    ? parseHostPort(`:${address}`, error)
    : parseHostPort(address, error);
  if (kind !== "http") {
    if (port === undefined) throw missingPort(address, error);
    // a bare address is forwarded to as it comes: only tls:// asks for encryption towards it
    return upstream(kind, "tcp", host || "localhost", port);
  }
  // port 443 means https, a rule agents have had since 2.3 (agent.md E4)
  return upstream(
    kind,
    port === 443 ? "https" : "http",
    host || "localhost",
    port ?? 80,
  );
}

function parseUrl(
  rest: string,
  scheme: UrlScheme,
  kind: UpstreamKind,
  error: Fail,
): Upstream {
  const authority = kind === "http" && rest.endsWith("/") ? rest.slice(0, -1) : rest;
  refuseParts(authority, error);
  const defaultPort = DEFAULT_PORTS[scheme];
  if (authority === "") {
    if (defaultPort === undefined) {
      throw error("the host and the port are missing");
    }
    return upstream(kind, scheme, "localhost", defaultPort);
  }
  const { host, port } = parseHostPort(authority, error);
  const used = port ?? defaultPort;
  if (used === undefined) throw missingPort(`${scheme}://${authority}`, error);
  return upstream(kind, scheme, host || "localhost", used);
}

function missingPort(address: string, error: Fail): TunnelError {
  return error(`it needs a port, as in "${address}:1234"`, "port");
}

/** What a URL may have and an upstream may not: the visitor's request brings its own path. */
function refuseParts(authority: string, error: Fail): void {
  const at = authority.search(/[/\\?#]/);
  if (at >= 0) {
    throw error(
      `"${authority.slice(at)}" is not part of an address; remove the path`,
      "part",
    );
  }
  if (authority.includes("@")) {
    throw error("a user name or password cannot be part of it", "part");
  }
}

/** `unix:/run/app.sock` and `unix:///run/app.sock`. */
function parseUnix(address: string, kind: UpstreamKind, error: Fail): Upstream {
  const path = address.slice("unix:".length).replace(/^\/\/(?=\/)/, "");
  if (path === "") throw error("the path of the unix socket is missing");
  if (!path.startsWith("/") || path.startsWith("//")) {
    throw error(
      'a unix socket needs an absolute path, as in "unix:/run/app.sock"',
    );
  }
  return {
    kind,
    scheme: "unix",
    host: "",
    port: 0,
    path,
    display: `unix:${path}`,
  };
}

/** `\\.\pipe\app`, `pipe://./app` and `npipe:////./pipe/app`: a pipe of this machine. */
function parsePipe(address: string, kind: UpstreamKind, error: Fail): Upstream {
  const rest = address.replace(/^n?pipe:/i, "").replaceAll("\\", "/");
  const name = /^\/*(?:\.\/+)?(?:pipe\/)?([^/\0]+)$/i.exec(rest)?.[1];
  if (name === undefined || name === ".") {
    throw error('a named pipe is one of this machine, as in "pipe://./app"');
  }
  return {
    kind,
    scheme: "pipe",
    host: "",
    port: 0,
    path: `\\\\.\\pipe\\${name}`,
    display: `pipe://./${name}`,
  };
}

/**
 * Refuses an upstream that this system does not have.
 *
 * @param upstream as it was read
 * @param os the operating system of this machine
 * @throws {TunnelError} unsupported
 */
export function refuseElsewhere({ scheme, display }: Upstream, os: string): void {
  if (scheme !== "pipe" || os === "windows") return;
  throw new TunnelError(
    "unsupported",
    `Cannot forward to "${display}": named pipes are a thing of Windows; ` +
      'use a unix socket here, as in "unix:/run/app.sock"',
  );
}

/** `file:///srv/www`, `file://C:\\www` and `file:///C:/www`. */
function parseFile(address: string, kind: UpstreamKind, error: Fail): Upstream {
  if (kind !== "http") {
    throw error(
      `the scheme "file" does not fit ${article(kind)} endpoint; use ${schemesOf(kind)}`,
    );
  }
  const rest = address.slice("file:".length).replace(/^\/\/(?:localhost(?=\/))?/i, "");
  const drive = /^\/?([a-z]:[\\/].*)$/is.exec(rest)?.[1].replaceAll("\\", "/");
  const raw = drive ?? rest;
  if (drive === undefined && (!raw.startsWith("/") || raw.startsWith("//"))) {
    throw error('a directory needs an absolute path, as in "file:///srv/www"');
  }
  if (raw.includes("\0")) throw error("a path has no NUL");
  const path = unescaped(raw).replace(/(?<=[^/:])\/+$/, "");
  const shown = path.replace(/%(?=[0-9a-f]{2})/gi, "%25");
  const display = `file://${drive === undefined ? "" : "/"}${shown}`;
  return { kind, scheme: "file", host: "", port: 0, path, display };
}

/** A URL has `%20` for a blank; what is no such escape is a path as somebody typed it. */
function unescaped(path: string): string {
  try {
    const text = decodeURIComponent(path);
    return text.includes("\0") ? path : text;
  } catch {
    return path;
  }
}

function upstream(
  kind: UpstreamKind,
  scheme: UpstreamScheme,
  host: string,
  port: number,
): Upstream {
  return {
    kind,
    scheme,
    host,
    port,
    display: `${scheme}://${formatHostPort(host, port)}`,
  };
}
