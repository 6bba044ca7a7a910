/**
 * What the conformance suites share: connected pairs, reading to the end, waiting for stillness.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Duplex } from "../../lib/base/duplex.ts";
import { type ErrorCode, TunnelError } from "../../lib/base/errors.ts";
import type {
  AcceptedConn,
  Conn,
  ConnectOptions,
  Listener,
  ListenOptions,
  Net,
} from "../../lib/runtime/net.ts";

/** A connection seen from both ends. */
export interface Connected {
  /** The end that dialled. */
  readonly client: Conn;
  /** The end that was dialled. */
  readonly server: AcceptedConn;
  /** The door between them. */
  readonly listener: Listener;
  /** Aborts both ends and closes the door. */
  close(): Promise<void>;
}

/** Dials a door of its own. */
export async function connected(
  net: Net,
  listen: Omit<ListenOptions, "onConnection"> = {},
  connect: ConnectOptions = {},
): Promise<Connected> {
  let accept!: (conn: AcceptedConn) => void;
  const accepted = new Promise<AcceptedConn>((resolve) => accept = resolve);
  const listener = await net.listen({ ...listen, onConnection: accept });
  const { host, port, path } = listener.address;
  const client = await net.connect(
    path !== undefined ? { path } : { host, port, ...connect },
  );
  const server = await accepted;
  return {
    client,
    server,
    listener,
    async close() {
      client.abort();
      server.abort();
      await Promise.all([client.closed, server.closed, listener.close()]);
    },
  };
}

/** The text as bytes. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The bytes as text. */
export function text(chunk: Uint8Array | undefined): string {
  return new TextDecoder().decode(chunk);
}

/** Reads to the peer's end, as text. */
export async function readText(from: Duplex): Promise<string> {
  const decoder = new TextDecoder();
  let whole = "";
  for (;;) {
    const chunk = await from.read();
    if (chunk === undefined) return whole + decoder.decode();
    assert.ok(chunk.length > 0, "a read never gives an empty chunk");
    whole += decoder.decode(chunk, { stream: true });
  }
}

/** Reads at least `count` bytes and gives back what is beyond them. */
export async function readExactly(
  from: Duplex,
  count: number,
): Promise<Uint8Array> {
  const whole = new Uint8Array(count);
  let at = 0;
  while (at < count) {
    const chunk = await from.read();
    assert.ok(chunk, `the end came after ${at} of ${count} bytes`);
    const taken = Math.min(chunk.length, count - at);
    whole.set(chunk.subarray(0, taken), at);
    at += taken;
    if (taken < chunk.length) from.unread(chunk.subarray(taken));
  }
  return whole;
}

/** Reads to the end: how much, and its SHA-256. */
export async function readDigest(
  from: Duplex,
): Promise<{ count: number; sha256: string }> {
  const hash = createHash("sha256");
  let count = 0;
  for (;;) {
    const chunk = await from.read();
    if (chunk === undefined) return { count, sha256: hash.digest("hex") };
    hash.update(chunk);
    count += chunk.length;
  }
}

/** Writes `total` bytes that differ everywhere, in pieces of odd sizes, and ends; gives the SHA-256. */
export async function writePattern(
  to: Duplex,
  total: number,
  seed: number,
): Promise<string> {
  const hash = createHash("sha256");
  let state = seed;
  for (let at = 0; at < total;) {
    const size = Math.min(total - at, 1 + (state % 150_001));
    const chunk = new Uint8Array(size);
    for (let i = 0; i < size; i += 7) {
      chunk[i] = state = (state * 1103515245 + 12345) & 0x7fffffff;
    }
    hash.update(chunk);
    at += size;
    await to.write(chunk);
  }
  await to.closeWrite();
  return hash.digest("hex");
}

/** Sends back what comes until the peer's end, then ends. A broken connection ends it quietly. */
export async function echo(conn: Duplex): Promise<void> {
  try {
    for (;;) {
      const chunk = await conn.read();
      if (chunk === undefined) break;
      await conn.write(chunk);
    }
    await conn.closeWrite();
  } catch (thrown) {
    assert.ok(thrown instanceof TunnelError);
  }
}

/** Whether a promise settles with a TunnelError of this code; its message must match. */
export async function assertFails(
  work: () => unknown,
  codes: ErrorCode | readonly ErrorCode[],
  message?: RegExp,
): Promise<TunnelError> {
  try {
    await work();
  } catch (thrown) {
    assert.ok(thrown instanceof TunnelError, `not a TunnelError: ${thrown}`);
    const wanted: readonly string[] = typeof codes === "string" ? [codes] : codes;
    assert.ok(
      wanted.includes(thrown.code),
      `${thrown.code}: ${thrown.message}`,
    );
    if (message) assert.match(thrown.message, message);
    assert.doesNotMatch(thrown.message, /\.$|undefined|\[object|\n/);
    return thrown;
  }
  assert.fail(`expected a failure with ${codes}`);
}

/**
 * Waits until a counter stands still: through 40 echoes on another connection it has not moved.
 * Events take the place of a clock, so a busy machine only makes it slower.
 */
export async function still(net: Net, counter: () => number): Promise<void> {
  const side = await connected(net);
  const echoing = echo(side.server);
  let before = -1;
  for (let same = 0; same < 40;) {
    await side.client.write(bytes("tick"));
    await readExactly(side.client, 4);
    same = counter() === before ? same + 1 : 0;
    before = counter();
  }
  side.client.closeWrite();
  await readText(side.client);
  await echoing;
  await side.close();
}

/** The same network with a promise on every connection that no TLS will come. */
export function plainNet(net: Net): Net {
  return {
    connect: (options) => net.connect({ ...options, plain: true }),
    listen: (options) => net.listen({ ...options, plain: true }),
    startTlsClient: (carrier, options) => net.startTlsClient(carrier, options),
    startTlsServer: (carrier, options) => net.startTlsServer(carrier, options),
    lookUp: (name, options) => net.lookUp(name, options),
  };
}
