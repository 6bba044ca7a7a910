/**
 * Listening on node:net, at addresses and at unix sockets. Called by the network of the machine.
 *
 * @module
 */
import { rm } from "node:fs/promises";
import * as net from "node:net";
import { TunnelError } from "../base/errors.ts";
import { triedToListen } from "./address_words.ts";
import type { Address, Listener, ListenOptions } from "./net.ts";
import { addressesOf, KEEP_ALIVE_MS, NodeConn } from "./node_conn.ts";
import { codeOf, translateError } from "./translate_errors.ts";

/**
 * Opens a door, see {@linkcode Net.listen}.
 *
 * @param options where, and who gets the connections
 * @throws {TunnelError} address_in_use, address_not_available, permission_denied
 */
/**
 * Opens a door.
 *
 * @param options where, and who gets the connections
 * @throws {TunnelError} address_in_use, address_not_available, permission_denied
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  if (options.path !== undefined) {
    return await listenUnix(options, options.path);
  }
  const host = options.host ?? "127.0.0.1";
  if (host.toLowerCase() !== "localhost") {
    return listenerOf([await open(options, host, options.port ?? 0)]);
  }
  return await listenLoopback(options);
}

/** Both loopback addresses at one port, where the machine has both. */
async function listenLoopback(options: ListenOptions): Promise<Listener> {
  const wanted = options.port ?? 0;
  for (let attempt = 1;; attempt++) {
    let v4: net.Server | undefined;
    try {
      v4 = await open(options, "127.0.0.1", wanted);
    } catch (thrown) {
      if (!isMissingFamily(thrown)) throw thrown;
    }
    try {
      const v6 = await open(options, "::1", v4 ? portOf(v4) : wanted);
      return listenerOf(v4 ? [v4, v6] : [v6]);
    } catch (thrown) {
      if (v4 && isMissingFamily(thrown)) return listenerOf([v4]);
      v4?.close();
      // The port that was free on one address is taken on the other: draw again.
      if (wanted !== 0 || attempt === 10) throw thrown;
    }
  }
}

function isMissingFamily(thrown: unknown): boolean {
  return thrown instanceof TunnelError &&
    thrown.code === "address_not_available";
}

async function listenUnix(
  options: ListenOptions,
  path: string,
): Promise<Listener> {
  try {
    return listenerOf([await open(options, undefined, 0, path)], path);
  } catch (thrown) {
    if (!(thrown instanceof TunnelError) || thrown.code !== "address_in_use") {
      throw thrown;
    }
    if (await isAnswered(path)) throw thrown;
  }
  await rm(path, { force: true }); // left behind by a program that did not end in order
  return listenerOf([await open(options, undefined, 0, path)], path);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", (thrown) => {
      probe.destroy();
      resolve(codeOf(thrown) !== "ECONNREFUSED");
    });
  });
}

function open(
  options: ListenOptions,
  host: string | undefined,
  port: number,
  path?: string,
): Promise<net.Server> {
  const tried = triedToListen(host ?? "", port, path);
  return new Promise((resolve, reject) => {
    const server = net.createServer(
      {
        allowHalfOpen: true,
        noDelay: path === undefined,
        keepAlive: path === undefined,
        keepAliveInitialDelay: KEEP_ALIVE_MS,
      },
      (socket) => options.onConnection(new NodeConn(socket, addressesOf(socket, path))),
    );
    const onError = (thrown: unknown) => {
      // Deno 2.9 calls it EINVAL when the address is another machine's, or of a family we lack.
      const isForeign = path === undefined && codeOf(thrown) === "EINVAL";
      reject(translateError(isForeign ? { code: "EADDRNOTAVAIL" } : thrown, tried));
    };
    server.once("error", onError);
    server.once("listening", () => {
      server.off("error", onError);
      server.on("error", () => {}); // accepting one visitor failed: there is nobody to tell
      resolve(server);
    });
    try {
      const backlog = options.backlog ?? 511;
      // A port beside a path would win.
      server.listen(
        path !== undefined ? { path, backlog } : { host, port, backlog },
      );
    } catch (thrown) {
      reject(translateError(thrown, tried));
    }
  });
}

function portOf(server: net.Server): number {
  const bound = server.address();
  return bound !== null && typeof bound === "object" ? bound.port : 0;
}

function listenerOf(servers: readonly net.Server[], path?: string): Listener {
  const bound = servers[0].address();
  const address: Address = path !== undefined
    ? { host: "", port: 0, path }
    : bound !== null && typeof bound === "object"
    ? { host: bound.address, port: bound.port }
    : { host: "", port: 0 };
  let open = true;
  return {
    address,
    close() {
      if (open) {
        open = false;
        // Not awaited: node's close() settles only after the last connection has gone.
        for (const server of servers) server.close();
      }
      return Promise.resolve();
    },
  };
}
