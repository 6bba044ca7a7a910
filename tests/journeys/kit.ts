/**
 * What journeys share: services to put behind a tunnel, visitors to send through it, and a relay
 * that breaks connections on purpose. All on loopback, all closable.
 *
 * @module
 */
import { createHash } from "node:crypto";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import type { AddressInfo } from "node:net";
import tls from "node:tls";

/** Something that was started and must be stopped. */
export interface Running {
  readonly port: number;
  close(): Promise<void>;
}

/** SHA-256 as hexadecimal. */
export function sha256(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex");
}

function listenOn(server: net.Server, host = "127.0.0.1"): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(
      0,
      host,
      () => resolve((server.address() as AddressInfo).port),
    );
  });
}

/** Remembers sockets, so that closing a server closes them too: no runtime waits the same way. */
function closable(server: net.Server, port: number): Running {
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  });
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** What a web service answers, path by path. */
function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
): void {
  const url = new URL(request.url ?? "/", "http://service");
  switch (url.pathname) {
    case "/hello":
      response.setHeader("X-Service", "Kit");
      response.end("hello from the service");
      return;
    case "/bytes": {
      // ?n= bytes, of a pattern that a shifted copy would not match
      let left = Number(url.searchParams.get("n"));
      response.setHeader("content-length", left);
      const block = pattern(65_536);
      const push = () => {
        while (left > 0) {
          const chunk = left < block.length ? block.subarray(0, left) : block;
          left -= chunk.length;
          if (!response.write(chunk)) return void response.once("drain", push);
        }
        response.end();
      };
      push();
      return;
    }
    case "/hash": {
      const hash = createHash("sha256");
      let total = 0;
      request.on("data", (chunk: Uint8Array) => {
        hash.update(chunk);
        total += chunk.length;
      });
      request.on(
        "end",
        () => response.end(JSON.stringify({ total, hash: hash.digest("hex") })),
      );
      return;
    }
    case "/slow":
      setTimeout(
        () => response.end(`slow ${url.searchParams.get("i")}`),
        Number(url.searchParams.get("ms")),
      );
      return;
    case "/headers":
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({
          raw: request.rawHeaders,
          url: request.url,
          method: request.method,
        }),
      );
      return;
    case "/echo":
      request.pipe(response);
      return;
    default:
      response.statusCode = 404;
      response.end("no such path");
  }
}

/** `count` bytes without a short period. */
export function pattern(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let state = 12345;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

/** What `/bytes?n=` sends. */
export function expectedBytes(count: number): Uint8Array {
  const block = pattern(65_536);
  const whole = new Uint8Array(count);
  for (let at = 0; at < count; at += block.length) {
    whole.set(block.subarray(0, Math.min(block.length, count - at)), at);
  }
  return whole;
}

/** A web service: /hello, /bytes?n=, /hash, /slow?ms=&i=, /headers, /echo, and a WebSocket at /ws. */
export async function startWeb(
  options: {
    readonly tls?: { readonly cert: string; readonly key: string };
    readonly host?: string;
  } = {},
): Promise<Running & { requests: () => number }> {
  let count = 0;
  const server = options.tls
    ? https.createServer({ cert: options.tls.cert, key: options.tls.key })
    : http.createServer();
  server.on("request", (request, response) => {
    count++;
    answer(request, response);
  });
  server.on(
    "upgrade",
    (request, socket) => upgradeToEcho(request, socket as net.Socket),
  );
  const port = await listenOn(server as unknown as net.Server, options.host);
  return {
    ...closable(server as unknown as net.Server, port),
    requests: () => count,
  };
}

/** RFC 6455 without a library: the handshake, then every frame's payload is sent back unmasked. */
function upgradeToEcho(
  request: http.IncomingMessage,
  socket: net.Socket,
): void {
  const accept = createHash("sha1")
    .update(
      `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
    )
    .digest("base64");
  socket.on("error", () => {});
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let held = new Uint8Array(0);
  socket.on("data", (data: Uint8Array) => {
    held = Uint8Array.from([...held, ...data]);
    for (;;) {
      if (held.length < 6) return;
      let length = held[1] & 127;
      let at = 2;
      if (length === 126) {
        length = (held[2] << 8) | held[3];
        at = 4;
      }
      if (held.length < at + 4 + length) return;
      const mask = held.subarray(at, at + 4);
      const payload = held.slice(at + 4, at + 4 + length).map((byte, i) => byte ^ mask[i & 3]);
      const opcode = held[0] & 15;
      held = held.slice(at + 4 + length);
      const head = length < 126
        ? [0x80 | opcode, length]
        : [0x80 | opcode, 126, length >> 8, length & 255];
      socket.write(Uint8Array.from([...head, ...payload]));
      if (opcode === 8) return void socket.end();
    }
  });
}

/** A TCP service that sends everything back, also after the other side has ended its direction. */
export async function startEcho(host = "127.0.0.1"): Promise<Running> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.pipe(socket);
    socket.on("error", () => {});
  });
  const port = await listenOn(server, host);
  return closable(server, port);
}

/** A TCP service that answers only after the visitor has ended: `n bytes, sha256`. */
export async function startAfterEnd(): Promise<Running> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const hash = createHash("sha256");
    let total = 0;
    socket.on("data", (chunk) => {
      hash.update(chunk);
      total += chunk.length;
    });
    socket.on("end", () => socket.end(`${total} ${hash.digest("hex")}`));
    socket.on("error", () => {});
  });
  const port = await listenOn(server);
  return closable(server, port);
}

/** A TLS service that echoes. */
export async function startTlsEcho(
  cert: string,
  key: string,
): Promise<Running> {
  const server = tls.createServer({ cert, key }, (socket) => {
    socket.pipe(socket);
    socket.on("error", () => {});
  });
  server.on("tlsClientError", () => {});
  const port = await listenOn(server as unknown as net.Server);
  return closable(server as unknown as net.Server, port);
}

/** Where a visitor goes: the door's address, and what it trusts. */
export interface Door {
  /** `127.0.0.1:port` of the HTTP door. */
  readonly http?: string;
  /** `127.0.0.1:port` of the HTTPS door. */
  readonly https?: string;
  /** PEM of the authority of its certificates. */
  readonly caPem?: string;
}

/** What a visitor got. */
export interface Visit {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly rawHeaders: string[];
  readonly body: Uint8Array;
  readonly text: string;
  readonly trailers: Record<string, string | undefined>;
}

/** One request of a visitor: dials the door, not the name. */
export function visit(
  door: Door,
  url: string,
  options: {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: Uint8Array | string;
    readonly agent?: http.Agent;
  } = {},
): Promise<Visit> {
  const target = new URL(url);
  const secure = target.protocol === "https:";
  const [host, port] = splitAddress((secure ? door.https : door.http)!);
  return new Promise((resolve, reject) => {
    const request = (secure ? https : http).request({
      host,
      port,
      path: target.pathname + target.search,
      method: options.method ?? "GET",
      headers: { host: target.host, ...options.headers },
      agent: options.agent ?? false,
      ...(secure ? { servername: target.hostname, ca: door.caPem } : {}),
    }, (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const body = new Uint8Array(Buffer.concat(chunks));
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          body,
          text: new TextDecoder().decode(body),
          trailers: response.trailers,
        });
      });
    });
    request.on("error", reject);
    request.end(options.body);
  });
}

/** Host and port of `host:port`. */
export function splitAddress(address: string): [string, number] {
  const at = address.lastIndexOf(":");
  return [
    address.slice(0, at).replace(/^\[|\]$/g, ""),
    Number(address.slice(at + 1)),
  ];
}

/** A raw connection of a visitor. */
export function dial(port: number, host = "127.0.0.1"): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(
      { port, host, allowHalfOpen: true },
      () => resolve(socket),
    );
    socket.once("error", reject);
  });
}

/** Everything a socket sends until it ends. */
export function readToEnd(socket: net.Socket): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("end", () => resolve(new Uint8Array(Buffer.concat(chunks))));
    socket.on("error", reject);
  });
}

/** Writes a lot with backpressure. */
export async function writeAll(
  socket: net.Socket,
  data: Uint8Array,
): Promise<void> {
  for (let at = 0; at < data.length; at += 65_536) {
    if (!socket.write(data.subarray(at, at + 65_536))) {
      await new Promise<void>((resolve, reject) => {
        const onError = (error: Error) => reject(error);
        socket.once("error", onError);
        socket.once("drain", () => {
          socket.off("error", onError);
          resolve();
        });
      });
    }
  }
}

/** A WebSocket visitor without a library: opens, sends one text, gives back what came. */
export async function webSocketEcho(
  door: Door,
  url: string,
  message: string,
): Promise<string> {
  const target = new URL(url);
  const secure = target.protocol === "https:";
  const [host, port] = splitAddress((secure ? door.https : door.http)!);
  const socket = secure
    ? await new Promise<net.Socket>((resolve, reject) => {
      const one = tls.connect({
        host,
        port,
        servername: target.hostname,
        ca: door.caPem,
      }, () => resolve(one));
      one.once("error", reject);
    })
    : await dial(port, host);
  socket.on("error", () => {});
  try {
    socket.write(
      `GET ${target.pathname} HTTP/1.1\r\nHost: ${target.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    let held = "";
    const binary = (data: Uint8Array) => Buffer.from(data).toString("latin1");
    await until(socket, (data) => (held += binary(data)).includes("\r\n\r\n"));
    if (!held.startsWith("HTTP/1.1 101")) {
      throw new Error(`No upgrade: ${held.split("\r\n")[0]}`);
    }
    if (!held.includes("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")) {
      throw new Error("Wrong Sec-WebSocket-Accept");
    }
    let rest = held.slice(held.indexOf("\r\n\r\n") + 4);
    const payload = new TextEncoder().encode(message);
    const mask = [1, 2, 3, 4];
    const head = payload.length < 126
      ? [0x81, 0x80 | payload.length]
      : [0x81, 0x80 | 126, payload.length >> 8, payload.length & 255];
    socket.write(
      Uint8Array.from([
        ...head,
        ...mask,
        ...payload.map((byte, i) => byte ^ mask[i & 3]),
      ]),
    );
    const headLength = payload.length < 126 ? 2 : 4;
    if (rest.length < headLength + payload.length) {
      await until(
        socket,
        (data) => (rest += binary(data)).length >= headLength + payload.length,
      );
    }
    return Buffer.from(rest.slice(headLength), "latin1").toString("utf8");
  } finally {
    socket.destroy();
  }
}

function until(
  socket: net.Socket,
  done: (data: Uint8Array) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onData = (data: Uint8Array) => {
      if (!done(data)) return;
      socket.off("data", onData);
      socket.off("end", onEnd);
      resolve();
    };
    const onEnd = () => reject(new Error("The connection ended too early"));
    socket.on("data", onData);
    socket.once("end", onEnd);
    socket.once("error", reject);
  });
}

/** A relay in front of `target` that can break what passes through it. */
export interface FaultRelay extends Running {
  /** Connections it carries now. */
  readonly open: number;
  /** Connections it ever carried. */
  readonly total: number;
  /** Cuts all connections: RST to both sides, or FIN to both. */
  cut(how: "rst" | "fin"): void;
  /** Keeps connections open but lets nothing pass any more. New connections pass. */
  freeze(): void;
}

/** Starts a relay to a port of loopback, which may be known only later. */
export async function startFaultRelay(targetPort: number | (() => number)): Promise<FaultRelay> {
  const pairs = new Set<[net.Socket, net.Socket]>();
  let total = 0;
  const server = net.createServer((front) => {
    total++;
    const port = typeof targetPort === "number" ? targetPort : targetPort();
    const back = net.connect({ port, host: "127.0.0.1" });
    const both: [net.Socket, net.Socket] = [front, back];
    pairs.add(both);
    for (const socket of both) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        pairs.delete(both);
        front.destroy();
        back.destroy();
      });
    }
    front.pipe(back);
    back.pipe(front);
  });
  const port = await listenOn(server);
  const running = closable(server, port);
  return {
    port,
    close: () => running.close(),
    get open() {
      return pairs.size;
    },
    get total() {
      return total;
    },
    cut(how) {
      for (const both of [...pairs]) {
        for (const socket of both) {
          if (how === "rst") socket.resetAndDestroy();
          else socket.end();
        }
      }
    },
    freeze() {
      for (const [front, back] of pairs) {
        front.unpipe(back);
        back.unpipe(front);
        front.pause();
        back.pause();
      }
    },
  };
}
