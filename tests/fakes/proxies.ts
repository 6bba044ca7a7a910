/**
 * Proxies on loopback: HTTP CONNECT, the same inside TLS, and SOCKS5 (RFC 1928, RFC 1929). They
 * connect to the port they are asked for on 127.0.0.1, whatever the name: it is theirs to resolve.
 *
 * @module
 */
import net, { type AddressInfo } from "node:net";
import tls from "node:tls";
import type { Certificate } from "../../lib/runtime/net.ts";

/** How a proxy behaves. */
export interface FakeProxyOptions {
  /** Whom it wants: `user:password`. @default anybody */
  readonly credentials?: string;
  /** Speaks TLS with the agent. */
  readonly certificate?: Certificate;
  /** What it says instead of connecting: a status line, or a SOCKS5 reply. */
  readonly refuseWith?: string | number;
  /** Takes connections and never says a word. */
  readonly isSilent?: boolean;
}

/** A proxy. */
export interface FakeProxy {
  readonly port: number;
  /** Where it was asked to connect to, `host:port`. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** Starts an HTTP proxy. */
export function startHttpProxy(options: FakeProxyOptions = {}): Promise<FakeProxy> {
  return start(options, async (socket, read, asked) => {
    let head = "";
    while (!head.includes("\r\n\r\n")) head += String.fromCharCode(...await read(1));
    const [, target] = /^CONNECT (\S+) HTTP\/1\.1\r\n/.exec(head) ?? [];
    if (target === undefined) return void socket.end("HTTP/1.1 405 No\r\n\r\n");
    asked.push(target);
    const wanted = options.credentials;
    const given = /^proxy-authorization: basic (\S+)\r$/im.exec(head)?.[1];
    if (wanted !== undefined && given !== Buffer.from(wanted).toString("base64")) {
      return void socket.end(
        "HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
      );
    }
    if (options.refuseWith) {
      return void socket.end(`HTTP/1.1 ${options.refuseWith}\r\nContent-Length: 3\r\n\r\nno\n`);
    }
    const port = Number(target.slice(target.lastIndexOf(":") + 1));
    join(socket, port, "HTTP/1.1 200 Connection established\r\nContent-Length: 9\r\n\r\n");
  });
}

/** Starts a SOCKS5 proxy. */
export function startSocksProxy(options: FakeProxyOptions = {}): Promise<FakeProxy> {
  return start(options, async (socket, read, asked) => {
    const [, count] = await read(2);
    const methods = await read(count);
    const method = options.credentials === undefined ? 0 : 2;
    if (!methods.includes(method)) return void socket.end(Uint8Array.of(5, 0xff));
    socket.write(Uint8Array.of(5, method));
    if (method === 2) {
      const text = async () => new TextDecoder().decode(await read((await read(1))[0]));
      await read(1);
      const isKnown = `${await text()}:${await text()}` === options.credentials;
      socket.write(Uint8Array.of(1, isKnown ? 0 : 1));
      if (!isKnown) return void socket.end();
    }
    const [, , , kind] = await read(4);
    const host = kind === 3
      ? new TextDecoder().decode(await read((await read(1))[0]))
      : [...await read(kind === 1 ? 4 : 16)].join(".");
    const [high, low] = await read(2);
    const port = high << 8 | low;
    asked.push(`${host}:${port}`);
    if (typeof options.refuseWith === "number") {
      return void socket.end(Uint8Array.of(5, options.refuseWith, 0, 1, 0, 0, 0, 0, 0, 0));
    }
    // The address it dials from as a name: clients must not count on four bytes.
    join(socket, port, Uint8Array.of(5, 0, 0, 3, 4, 104, 101, 114, 101, 0, 80));
  });
}

function join(socket: net.Socket, port: number, first: string | Uint8Array): void {
  const back = net.connect({ host: "127.0.0.1", port, allowHalfOpen: true }, () => {
    socket.write(first);
    socket.pipe(back);
    back.pipe(socket);
  });
  back.on("error", () => socket.destroy());
  socket.on("close", () => back.destroy());
  back.on("close", () => socket.destroy());
}

async function start(
  options: FakeProxyOptions,
  serve: (
    socket: net.Socket,
    read: (count: number) => Promise<Uint8Array>,
    asked: string[],
  ) => Promise<void>,
): Promise<FakeProxy> {
  const asked: string[] = [];
  const sockets = new Set<net.Socket>();
  const onSocket = (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    if (!options.isSilent) serve(socket, (count) => take(socket, count), asked).catch(() => {});
  };
  const { certificate } = options;
  const server: net.Server = certificate
    ? tls.createServer({ cert: certificate.chainPem, key: certificate.keyPem }, onSocket)
    : net.createServer({ allowHalfOpen: true }, onSocket);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Exactly so many bytes; rejects when the socket ends before. */
function take(socket: net.Socket, count: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const onReadable = () => {
      const chunk = count === 0 ? new Uint8Array(0) : socket.read(count) as Uint8Array | null;
      if (chunk === null) return;
      socket.off("readable", onReadable);
      socket.off("close", onClose);
      resolve(chunk);
    };
    const onClose = () => reject(new Error("it closed"));
    socket.on("readable", onReadable);
    socket.on("close", onClose);
    onReadable();
  });
}
