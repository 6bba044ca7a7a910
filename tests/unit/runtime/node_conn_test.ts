import assert from "node:assert/strict";
import { Duplex, type Duplex as NodeDuplex } from "node:stream";
import type { Socket } from "node:net";
import { lendBuffer, returnBuffer } from "../../../lib/base/loan.ts";
import {
  NodeConn,
  type NodeConnOptions,
  plainIp,
  resetSocket,
} from "../../../lib/runtime/node_conn.ts";
import { test } from "../../harness.ts";

const NOWHERE = { host: "", port: 0 };

/** A socket that a test feeds by hand; what is written to it is kept. */
class HandSocket extends Duplex {
  readonly written: Uint8Array[] = [];
  readonly takesAll: boolean;
  accept: (() => void) | undefined;

  constructor(takesAll = true) {
    super({ allowHalfOpen: true, highWaterMark: 10 });
    this.takesAll = takesAll;
  }

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.written.push(chunk);
    if (this.takesAll) done();
    else this.accept = done;
  }
}

function connOver(socket: NodeDuplex, options: Partial<NodeConnOptions> = {}): NodeConn {
  return new NodeConn(socket as Socket, { remote: NOWHERE, local: NOWHERE, ...options });
}

/** Lets streams emit what they have put off. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

test("NodeConn gives plain arrays, whose slice() is a copy", async () => {
  const socket = new HandSocket();
  const conn = connOver(socket);
  socket.push(Buffer.from("abc"));
  const chunk = await conn.read();
  assert.ok(chunk);
  assert.equal(Object.getPrototypeOf(chunk), Uint8Array.prototype);
  const copy = chunk.slice(0, 1);
  chunk[0] = 0;
  assert.equal(copy[0], 97);
  conn.abort();
  await conn.closed;
});

test("NodeConn pauses its socket when 16 chunks wait, and goes on when they are read", async () => {
  const socket = new HandSocket();
  const conn = connOver(socket);
  const first = conn.read();
  for (let sent = 0; sent < 40; sent++) socket.push(Uint8Array.of(sent));
  assert.deepEqual(await first, Uint8Array.of(0));
  await turn();
  assert.equal(socket.isPaused(), true);
  for (let expected = 1; expected < 40; expected++) {
    assert.deepEqual(await conn.read(), Uint8Array.of(expected));
  }
  assert.equal(socket.isPaused(), false);
  conn.abort();
  await conn.closed;
});

test("NodeConn answers at once when bytes wait, and one read at a time", async () => {
  const socket = new HandSocket();
  const conn = connOver(socket);
  const first = conn.read();
  assert.throws(() => conn.read(), TypeError);
  socket.push("a");
  socket.push("b");
  await first;
  await turn();
  assert.ok(conn.read() instanceof Uint8Array);
  conn.abort();
  await conn.closed;
});

test("NodeConn delivers what came before an error, then the error, and keeps it", async () => {
  const socket = new HandSocket();
  const conn = connOver(socket);
  const first = conn.read();
  socket.push("a");
  socket.push("b");
  await first;
  await turn();
  socket.destroy(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
  await conn.closed;
  assert.ok(await conn.read());
  for (let again = 0; again < 2; again++) {
    assert.throws(() => conn.read(), { code: "connection_reset" });
    assert.throws(() => conn.write(Uint8Array.of(1)), { code: "connection_reset" });
  }
});

test("NodeConn.write() waits for the drain, and fails when there is none", async () => {
  const socket = new HandSocket(false);
  const conn = connOver(socket);
  assert.equal(conn.write(new Uint8Array(0)), undefined);
  const full = conn.write(new Uint8Array(20));
  assert.ok(full instanceof Promise);
  socket.accept?.();
  await full;
  const never = conn.write(new Uint8Array(20));
  socket.destroy();
  await assert.rejects(async () => await never, { code: "connection_closed" });
});

test("NodeConn with a valve never pauses its socket, and asks the valve for fullness", async () => {
  const socket = new HandSocket();
  const log: string[] = [];
  let isFull = true;
  let drained!: () => void;
  const conn = connOver(socket, {
    valve: {
      shut: () => log.push("shut"),
      open: () => log.push("open"),
      isFull: () => isFull,
      onDrain: (run) => drained = run,
    },
  });
  for (let sent = 0; sent < 20; sent++) socket.push(Uint8Array.of(sent));
  await turn();
  assert.equal(socket.isPaused(), false);
  for (let read = 0; read < 20; read++) conn.read();
  assert.deepEqual(log, ["shut", "open"]);
  const full = conn.write(Uint8Array.of(1));
  let isSettled = false;
  Promise.resolve(full).then(() => isSettled = true);
  drained();
  await turn();
  assert.equal(isSettled, false, "it is still full below");
  isFull = false;
  drained();
  await full;
  conn.abort();
  await conn.closed;
});

test("NodeConn.abort() with a cut leaves the rest to it", async () => {
  const socket = new HandSocket();
  const cuts: string[] = [];
  const conn = connOver(socket, {
    cut(error) {
      cuts.push(error.code);
      socket.destroy();
    },
  });
  conn.abort();
  await conn.closed;
  conn.abort();
  assert.deepEqual(cuts, ["aborted"]);
});

test("NodeConn.detach() puts all bytes back into the socket, in order and as one chunk", async () => {
  const socket = new HandSocket();
  const conn = connOver(socket);
  const first = conn.read();
  for (const word of ["ab", "cd", "ef"]) socket.push(word);
  const peeked = await first;
  assert.ok(peeked);
  await turn();
  conn.unread(peeked.subarray(1));
  conn.unread(peeked.subarray(0, 1));
  const same = conn.detach();
  assert.equal(same, socket as unknown as Socket);
  assert.equal(String(socket.read()), "abcdef");
  assert.throws(() => conn.read(), { code: "connection_closed" });
  assert.throws(() => conn.detach(), { code: "connection_closed" });
  socket.destroy();
  await conn.closed;
});

test("resetSocket() only closes a socket that cannot be reset", () => {
  const calls: string[] = [];
  const fake = (writableEnded: boolean, reset: () => void) =>
    ({
      writableEnded,
      resetAndDestroy: reset,
      destroy: () => calls.push("destroy"),
    }) as unknown as Socket;
  resetSocket(fake(false, () => calls.push("reset")));
  resetSocket(fake(true, () => calls.push("reset")));
  resetSocket(fake(false, () => {
    throw new Error("ERR_INVALID_HANDLE_TYPE");
  }));
  assert.deepEqual(calls, ["reset", "destroy", "destroy"]);
});

test("plainIp() takes IPv4 out of its IPv6 clothes", () => {
  assert.equal(plainIp("::ffff:192.0.2.1"), "192.0.2.1");
  assert.equal(plainIp("::FFFF:192.0.2.1"), "192.0.2.1");
  assert.equal(plainIp("2001:db8::1"), "2001:db8::1");
  assert.equal(plainIp(undefined), "");
});

test("NodeConn.give() frees what the socket has taken: at once, or when it has drained", async () => {
  const quick = connOver(new HandSocket());
  const first = new Uint8Array(20_000);
  lendBuffer(first);
  await quick.give(first);
  assert.equal(first.length, 0);
  quick.abort();

  const socket = new HandSocket(false);
  const slow = connOver(socket);
  const second = new Uint8Array(20_000);
  lendBuffer(second);
  const full = slow.give(second);
  await turn();
  assert.equal(second.length, 20_000, "the socket has it still");
  socket.accept!();
  await full;
  assert.equal(second.length, 0);
  slow.abort();
});

test("NodeConn lends what it reads when it is large, and keeps what is given back to it", async () => {
  const socket = new HandSocket();
  const conn = connOver(socket);
  for (const isUnread of [false, true]) {
    socket.push(Buffer.from(new ArrayBuffer(20_000)));
    const chunk = await conn.read();
    assert.ok(chunk);
    if (isUnread) {
      conn.unread(chunk);
      assert.equal(await conn.read(), chunk);
    }
    returnBuffer(chunk);
    assert.equal(chunk.length, isUnread ? 20_000 : 0);
  }
  conn.abort();
});
