/**
 * Listening on node:net, at addresses and at unix sockets. Called by the network of the machine.
 *
 * @module
 */
import { rm } from "node:fs/promises";
import * as net from "node:net";
import { TunnelError } from "../base/errors.ts";
import { triedToListen } from "./address_words.ts";
import type { Listener, ListenOptions } from "./net.ts";
import { addressesOf, KEEP_ALIVE_MS, NodeConn } from "./node_conn.ts";
import { codeOf, translateError } from "./translate_errors.ts";

/** A door at one address. */
export interface Door {
  /** The address, or "" for a unix socket. */
  readonly host: string;
  /** The port that was taken, or 0. */
  readonly port: number;
  /** Stops accepting, and does not wait for connections. */
  close(): void;
}

/**
 * Opens a door at one address; rejects with a TunnelError.
 *
 * @param host the IP address
 * @param port 0 takes any
 * @param path a unix socket instead
 */
export type OpenDoor = (
  options: ListenOptions,
  host: string,
  port: number,
  path?: string,
) => Promise<Door>;

/**
 * Opens a door at all the addresses that are meant.
 *
 * @param options where, and who gets the connections
 * @param open how a door at one address is opened
 * @throws {TunnelError} address_in_use, address_not_available, permission_denied
 */
export async function listen(
  options: ListenOptions,
  open: OpenDoor = openNodeDoor,
): Promise<Listener> {
  if (options.fd !== undefined) return listenerOf([await openNodeDoor(options, "", 0)]);
  if (options.path !== undefined) return await listenUnix(options, options.path, open);
  const host = options.host ?? "127.0.0.1";
  if (host.toLowerCase() === "localhost") return await listenLoopback(options, open);
  if (host === "") return listenerOf([await openEverywhere(options, open)]);
  return listenerOf([await open(options, host, options.port ?? 0)]);
}

/** Both loopback addresses at one port, where the machine has both. */
async function listenLoopback(options: ListenOptions, open: OpenDoor): Promise<Listener> {
  const wanted = options.port ?? 0;
  for (let attempt = 1;; attempt++) {
    let v4: Door | undefined;
    try {
      v4 = await open(options, "127.0.0.1", wanted);
    } catch (thrown) {
      if (!isMissingFamily(thrown)) throw thrown;
    }
    try {
      const v6 = await open(options, "::1", v4 ? v4.port : wanted);
      return listenerOf(v4 ? [v4, v6] : [v6]);
    } catch (thrown) {
      if (v4 && isMissingFamily(thrown)) return listenerOf([v4]);
      v4?.close();
      // The port that was free on one address is taken on the other: draw again.
      if (wanted !== 0 || attempt === 10) throw thrown;
    }
  }
}

/** "::" takes IPv4 visitors too; a machine without IPv6 does not have it. */
async function openEverywhere(options: ListenOptions, open: OpenDoor): Promise<Door> {
  const port = options.port ?? 0;
  try {
    return await open(options, "::", port);
  } catch (thrown) {
    if (!isMissingFamily(thrown)) throw thrown;
    return await open(options, "0.0.0.0", port);
  }
}

function isMissingFamily(thrown: unknown): boolean {
  return thrown instanceof TunnelError && thrown.code === "address_not_available";
}

async function listenUnix(
  options: ListenOptions,
  path: string,
  open: OpenDoor,
): Promise<Listener> {
  try {
    return listenerOf([await open(options, "", 0, path)], path);
  } catch (thrown) {
    if (!(thrown instanceof TunnelError) || thrown.code !== "address_in_use") throw thrown;
    if (await isAnswered(path)) throw thrown;
  }
  await rm(path, { force: true }); // left behind by a program that did not end in order
  return listenerOf([await open(options, "", 0, path)], path);
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

/** Opens a door on node:net. */
export const openNodeDoor: OpenDoor = (
  options: ListenOptions,
  host: string,
  port: number,
  path?: string,
): Promise<Door> => {
  const { fd } = options;
  const tried = fd === undefined
    ? triedToListen(host, port, path)
    : `Cannot listen at the socket ${fd}`;
  return new Promise((resolve, reject) => {
    const server = net.createServer({
      allowHalfOpen: true,
      noDelay: path === undefined,
      keepAlive: path === undefined,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    }, (socket) => options.onConnection(new NodeConn(socket, addressesOf(socket, path))));
    const onError = (thrown: unknown) => {
      // Deno 2.9 calls it EINVAL when the address is another machine's, or of a family we lack.
      const isForeign = path === undefined && codeOf(thrown) === "EINVAL";
      reject(translateError(isForeign ? { code: "EADDRNOTAVAIL" } : thrown, tried));
    };
    server.once("error", onError);
    server.once("listening", () => {
      server.off("error", onError);
      server.on("error", () => {}); // accepting one visitor failed: there is nobody to tell
      const bound = server.address();
      const isTcp = bound !== null && typeof bound === "object";
      resolve({
        host: isTcp ? bound.address : "",
        port: isTcp ? bound.port : 0,
        // Not awaited: node's close() settles only after the last connection has gone.
        close: () => void server.close(),
      });
    });
    try {
      const { backlog = 511 } = options;
      // A port beside a path would win.
      server.listen(
        fd !== undefined
          ? { fd }
          : path !== undefined
          ? { path, backlog }
          : { host, port, backlog },
      );
    } catch (thrown) {
      reject(translateError(thrown, tried));
    }
  });
};

function listenerOf(doors: readonly Door[], path?: string): Listener {
  const { host, port } = doors[0];
  let open = true;
  return {
    address: path !== undefined ? { host: "", port: 0, path } : { host, port },
    close() {
      if (open) { for (const door of doors) door.close(); }
      open = false;
      return Promise.resolve();
    },
  };
}
