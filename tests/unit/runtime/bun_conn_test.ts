import assert from "node:assert/strict";
import { lendBuffer, returnBuffer } from "../../../lib/base/loan.ts";
import { BunConn, type BunSocket } from "../../../lib/runtime/bun_conn.ts";
import { test } from "../../harness.ts";

/** A socket of Bun that keeps what is asked of it and takes as many bytes as the test allows. */
class HandSocket implements BunSocket {
  data!: BunConn;
  readonly remoteAddress = "::ffff:192.0.2.1";
  readonly remotePort = 1234;
  readonly localAddress = "127.0.0.1";
  readonly localPort = 80;
  readonly calls: string[] = [];
  readonly sent: number[] = [];
  takes = Infinity;

  write(chunk: Uint8Array): number {
    if (this.takes < 0) return -1;
    const count = Math.min(chunk.length, this.takes);
    this.takes -= count;
    this.sent.push(...chunk.subarray(0, count));
    return count;
  }

  shutdown(): void {
    this.calls.push("shutdown");
  }

  terminate(): void {
    this.calls.push("terminate");
  }

  pause(): void {
    this.calls.push("pause");
  }

  resume(): void {
    this.calls.push("resume");
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}
}

function connected(): { socket: HandSocket; conn: BunConn } {
  const socket = new HandSocket();
  return { socket, conn: socket.data = new BunConn(socket) };
}

test("BunConn names both ends, IPv4 as IPv4", () => {
  const { conn } = connected();
  assert.deepEqual(conn.remote, { host: "192.0.2.1", port: 1234 });
  assert.deepEqual(conn.local, { host: "127.0.0.1", port: 80 });
});

test("BunConn keeps what the socket did not take, in order, and says when it is gone", async () => {
  const { socket, conn } = connected();
  socket.takes = 2;
  const first = conn.write(Uint8Array.of(1, 2, 3));
  const second = conn.write(Uint8Array.of(4));
  assert.ok(first instanceof Promise && second instanceof Promise);
  conn.closeWrite();
  assert.deepEqual(socket.calls, [], "our end comes after our bytes");
  socket.takes = 1;
  conn.onDrain();
  assert.deepEqual(socket.sent, [1, 2, 3]);
  socket.takes = Infinity;
  conn.onDrain();
  await Promise.all([first, second]);
  assert.deepEqual(socket.sent, [1, 2, 3, 4]);
  assert.deepEqual(socket.calls, ["shutdown"]);
  assert.throws(() => conn.write(Uint8Array.of(5)), { code: "connection_closed" });
});

test("BunConn pauses at 64 KiB unread, and resumes when more is asked for", () => {
  const { socket, conn } = connected();
  conn.onData(new Uint8Array(60_000));
  assert.deepEqual(socket.calls, []);
  conn.onData(new Uint8Array(60_000));
  conn.onData(new Uint8Array(1));
  assert.deepEqual(socket.calls, ["pause"]);
  conn.read();
  conn.read();
  conn.read();
  assert.deepEqual(socket.calls, ["pause"]);
  conn.read();
  assert.deepEqual(socket.calls, ["pause", "resume"]);
});

test("BunConn reads nothing ahead behind a large chunk", async () => {
  const { socket, conn } = connected();
  const small = conn.read();
  conn.onData(new Uint8Array(1000));
  await small;
  assert.deepEqual(socket.calls, []);
  const large = conn.read();
  conn.onData(new Uint8Array(512 * 1024));
  await large;
  assert.deepEqual(socket.calls, ["pause"]);
  conn.read();
  assert.deepEqual(socket.calls, ["pause", "resume"]);
});

test("BunConn takes a close without an error for the peer's end, after the bytes", async () => {
  const { conn } = connected();
  conn.onData(Uint8Array.of(1));
  conn.closeWrite();
  conn.onClose(undefined);
  await conn.closed;
  assert.deepEqual(conn.read(), Uint8Array.of(1));
  assert.equal(conn.read(), undefined);
  assert.throws(() => conn.write(Uint8Array.of(1)), { code: "connection_closed" });
});

test("BunConn fails what waits when it is reset", async () => {
  const { socket, conn } = connected();
  socket.takes = 0;
  const reading = conn.read();
  const writing = conn.write(Uint8Array.of(1));
  conn.onClose(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
  await assert.rejects(async () => await reading, { code: "connection_reset" });
  await assert.rejects(async () => await writing, { code: "connection_reset" });
  assert.throws(() => conn.read(), { code: "connection_reset" });
  await conn.closed;
});

test("BunConn.abort() cuts at once and drops what is queued, once", async () => {
  const { socket, conn } = connected();
  conn.onData(Uint8Array.of(1));
  conn.abort();
  assert.deepEqual(socket.calls, ["terminate"]);
  assert.throws(() => conn.read(), { code: "aborted" });
  conn.onClose(undefined);
  await conn.closed;
  conn.abort();
  assert.deepEqual(socket.calls, ["terminate"]);
});

test("BunConn with a socket that is closed already waits for the close to say so", async () => {
  const { socket, conn } = connected();
  socket.takes = -1;
  const writing = conn.write(Uint8Array.of(1));
  conn.onDrain();
  conn.onClose(undefined);
  await assert.rejects(async () => await writing, { code: "connection_closed" });
});

test("BunConn.give() frees what the socket has taken: at once, or when it has drained", async () => {
  const { socket, conn } = connected();
  const [first, second] = [new Uint8Array(20_000).fill(1), new Uint8Array(20_000).fill(2)];
  lendBuffer(first);
  lendBuffer(second);
  await conn.give(first);
  assert.equal(first.length, 0);
  socket.takes = 1;
  const full = conn.give(second);
  assert.equal(second.length, 20_000, "most of it waits");
  socket.takes = Infinity;
  conn.onDrain();
  await full;
  assert.equal(second.length, 0);
  assert.deepEqual([socket.sent.length, socket.sent[39_999]], [40_000, 2]);
});

test("BunConn lends what it reads when it is large", async () => {
  const { conn } = connected();
  const chunk = new Uint8Array(20_000);
  conn.onData(chunk);
  returnBuffer(await conn.read() as Uint8Array);
  assert.equal(chunk.length, 0);
});
