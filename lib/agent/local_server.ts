/**
 * Servers that run in the same program, as something to forward to: those of `node:http` and
 * `node:net` (and with them Express, Koa, Fastify …), `Deno.serve()` and `Bun.serve()`. `mod.ts`, the
 * Vite plugin and the listeners of `./ngrok` ask where they are.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { formatHostPort } from "./address.ts";

/** Where a server of `node:net` listens. */
export interface NodeAddress {
  /** An IP address. */
  readonly address?: string;
  /** The port. */
  readonly port: number;
}

/** What can be told to listen as servers of `node:http` can: an app of Express or Koa. */
export interface NodeApp {
  /** Begins to listen. An app gives the server that it made for that. */
  listen(port: number, host: string, onListening: (error?: Error) => void): unknown;
}

/** A server of `node:net`, `node:http` or `node:https`. */
export interface NodeServer extends NodeApp {
  /** Where it listens: text is a unix socket, `null` nowhere yet. */
  address(): string | NodeAddress | null;
  /** Calls once. */
  once(event: "error", run: (error: Error) => void): unknown;
  /** Listens no more. */
  close?(): unknown;
}

/** A server as `Deno.serve()` gives it; its visitors must be served without TLS. */
export interface DenoServer {
  /** Where it listens. */
  readonly addr: {
    /** An IP address. */
    readonly hostname?: string;
    /** The port. */
    readonly port?: number;
    /** Of a unix socket. */
    readonly path?: string;
  };
}

/** A server as `Bun.serve()` gives it. */
export interface BunServer {
  /** Where it listens, as a URL. */
  readonly url: URL;
}

/** A server of this program. */
export type LocalServer = NodeServer | NodeApp | DenoServer | BunServer;

/** A server that listens. */
export interface FoundServer {
  /** Where it listens: `host:port`, or `unix:` and a path. */
  readonly addr: string;
  /** Whether it speaks TLS, as far as that can be seen. */
  readonly isEncrypted: boolean;
  /** Listens no more, if it listens because of us; otherwise it is somebody else's. */
  release(): void;
}

/**
 * Finds out where a server listens. One of `node:net` that does not yet begins to, on loopback.
 *
 * @param server which
 * @throws {TunnelError} address_invalid when it is none that is known, or listens nowhere; whatever
 * keeps it from listening
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createServer } from "node:http";
 * import { findServer } from "./local_server.ts";
 *
 * const found = await findServer(createServer());
 * assert.match(found.addr, /^127\.0\.0\.1:[0-9]+$/);
 * found.release();
 * ```
 */
export async function findServer(server: LocalServer): Promise<FoundServer> {
  const { listen, addr, url } = server as Partial<NodeServer & DenoServer & BunServer>;
  if (typeof listen === "function") return await findNodeServer(server as NodeApp);
  if (addr?.path !== undefined) return foreign(`unix:${addr.path}`);
  if (addr?.port) return foreign(placeOf(addr.hostname, addr.port));
  if (url instanceof URL) return foreign(addressOf(url), url.protocol === "https:");
  if (/^(?:string|number)$/.test(typeof addr)) {
    throw new TunnelError(
      "address_invalid",
      `Cannot forward to options: the service comes first; write forward(${
        JSON.stringify(addr)
      }, { … })`,
    );
  }
  throw new TunnelError(
    "address_invalid",
    "Cannot forward to the server: it says nowhere where it listens; give its port instead",
  );
}

async function findNodeServer(app: NodeApp): Promise<FoundServer> {
  const isOurs = !isServer(app) || app.address() === null;
  const server = isOurs ? await started(app) : app;
  const address = server.address();
  if (address === null) {
    throw new TunnelError("address_invalid", "Cannot forward to the server: it was closed");
  }
  return {
    addr: typeof address === "string" ? `unix:${address}` : placeOf(address.address, address.port),
    // what servers of node:https and node:tls have and others have not; Bun's have only the second
    isEncrypted: "setSecureContext" in server || "ALPNProtocols" in server,
    release: () => {
      // its visitors were ours, and have left
      if (isOurs && server.address() !== null) server.close?.();
    },
  };
}

function isServer(app: NodeApp): app is NodeServer {
  return typeof (app as Partial<NodeServer>).address === "function";
}

/** Has it listen on loopback, on any port. */
async function started(app: NodeApp): Promise<NodeServer> {
  let server = app as NodeServer;
  await new Promise<void>((resolve, reject) => {
    const made = app.listen(0, "127.0.0.1", (error) => error ? reject(error) : resolve());
    if (!isServer(app)) server = made as NodeServer;
    if (typeof server?.once === "function") return server.once("error", reject);
    reject(
      new TunnelError(
        "address_invalid",
        "Cannot forward to the app: its listen() gives no server; have it listen, and give its port",
      ),
    );
  });
  return server;
}

function addressOf(url: URL): string {
  if (url.protocol === "unix:") return `unix:${decodeURIComponent(url.pathname)}`;
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  return placeOf(url.hostname.replace(/^\[|\]$/g, ""), port);
}

function foreign(addr: string, isEncrypted = false): FoundServer {
  return { addr, isEncrypted, release: () => {} };
}

/**
 * How a server is reached from its own machine.
 *
 * @param host what it listens on; all addresses stand for loopback
 * @param port the port
 */
export function placeOf(host: string | undefined, port: number): string {
  const isAnywhere = host === undefined || host === "" || host === "::" || host === "0.0.0.0";
  return isAnywhere ? `localhost:${port}` : formatHostPort(host, port);
}
