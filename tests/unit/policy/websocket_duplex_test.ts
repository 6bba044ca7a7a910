/** @module */
import assert from "node:assert/strict";
import { concat, encodeText } from "../../../lib/base/bytes.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { type Duplex, join, pair } from "../../../lib/base/duplex.ts";
import {
  applyMask,
  closePayload,
  frameHead,
  FrameReader,
  OPCODES,
  parseClose,
} from "../../../lib/http/websocket.ts";
import { WebSocketDuplex } from "../../../lib/policy/websocket_duplex.ts";
import { test } from "../../harness.ts";

/** What a client of WebSocket sends. */
function frame(opcode: number, payload: string | Uint8Array, fin = true): Uint8Array {
  const bytes = typeof payload === "string" ? encodeText(payload) : payload.slice();
  const mask = 0x01020304;
  applyMask(bytes, mask);
  return concat([frameHead(opcode, bytes.length, { fin, mask }), bytes]);
}

/** The visitor's end: reads the frames it gets. */
class Client {
  readonly frames: [opcode: number, payload: string][] = [];
  readonly #duplex: Duplex;
  readonly #reader: FrameReader;
  #parts: Uint8Array[] = [];

  constructor(duplex: Duplex) {
    this.#duplex = duplex;
    this.#reader = new FrameReader({ masked: false }, {
      onHead: () => this.#parts = [],
      onPayload: (piece) => this.#parts.push(piece),
      onEnd: ({ opcode }) => {
        const payload = this.#parts.length ? concat(this.#parts) : new Uint8Array(0);
        const text = opcode === OPCODES.close
          ? `${parseClose(payload).code} ${parseClose(payload).reason}`.trim()
          : new TextDecoder().decode(payload);
        this.frames.push([opcode, text]);
      },
    });
  }

  /** Reads until so many frames came, or the end. */
  async read(count: number): Promise<[opcode: number, payload: string][]> {
    while (this.frames.length < count) {
      const chunk = await this.#duplex.read();
      if (chunk === undefined) break;
      this.#reader.push(chunk);
    }
    return this.frames.splice(0, count);
  }

  async atEnd(): Promise<boolean> {
    return await this.#duplex.read() === undefined;
  }
}

function scene() {
  const clock = new FakeClock();
  const [visitor, front] = pair();
  const socket = new WebSocketDuplex(front, clock);
  return { clock, visitor, socket, client: new Client(visitor) };
}

async function readText(duplex: Duplex): Promise<string | undefined> {
  const chunk = await duplex.read();
  return chunk && new TextDecoder().decode(chunk);
}

test("WebSocketDuplex gives the payload of binary frames, whatever they are cut into", async () => {
  const { visitor, socket } = scene();
  const all = concat([
    frame(OPCODES.binary, "Hel", false),
    frame(OPCODES.ping, "now"),
    frame(OPCODES.continuation, "lo", true),
  ]);
  for (const byte of all) visitor.write(new Uint8Array([byte]));
  let text = "";
  while (text.length < 5) text += await readText(socket);
  assert.equal(text, "Hello");
});

test("WebSocketDuplex sends bytes as binary frames, small and large", async () => {
  const { socket, client } = scene();
  socket.write(encodeText("small"));
  socket.write(encodeText("x".repeat(10_000)));
  assert.deepEqual(await client.read(2), [[2, "small"], [2, "x".repeat(10_000)]]);
});

test("WebSocketDuplex answers pings, the last of several once", async () => {
  const { visitor, socket, client } = scene();
  visitor.write(concat([
    frame(OPCODES.ping, "one"),
    frame(OPCODES.ping, "two"),
    frame(OPCODES.pong, "unasked"),
    frame(OPCODES.binary, "x"),
  ]));
  assert.equal(await readText(socket), "x");
  assert.deepEqual(await client.read(1), [[10, "two"]]);
});

test("WebSocketDuplex answers a Close and ends, after what came before it", async () => {
  const { visitor, socket, client } = scene();
  visitor.write(concat([
    frame(OPCODES.binary, "last"),
    frame(OPCODES.close, closePayload(1001, "leaving")),
    frame(OPCODES.binary, "too late"),
  ]));
  assert.equal(await readText(socket), "last");
  assert.equal(await socket.read(), undefined);
  assert.deepEqual(await client.read(2), [[8, "1000"]]);
  // Nothing may be sent after it.
  assert.equal(socket.write(encodeText("x")), undefined);
  assert.equal(await client.atEnd(), true);
});

test("WebSocketDuplex passes the end of the service on as a Close, and waits for the answer", async () => {
  const { visitor, socket, client } = scene();
  await socket.closeWrite();
  assert.deepEqual(await client.read(1), [[8, "1000"]]);
  visitor.write(concat([frame(OPCODES.binary, "still"), frame(OPCODES.close, closePayload(1000))]));
  assert.equal(await readText(socket), "still");
  assert.equal(await socket.read(), undefined);
  assert.equal(await client.atEnd(), true);
});

test("WebSocketDuplex does not wait for ever for a Close", async () => {
  const { clock, visitor, socket } = scene();
  await socket.closeWrite();
  const read = socket.read();
  await clock.advance(5_000);
  await assert.rejects(Promise.resolve(read), { code: "timed_out" });
  await visitor.closed;
});

test("WebSocketDuplex tells the visitor what it did wrong, and fails", async () => {
  const wrong: readonly [Uint8Array, RegExp][] = [
    [frame(OPCODES.text, "text"), /^1003 .*binary frames only/],
    [concat([frameHead(OPCODES.binary, 1), encodeText("x")]), /^1002 .*not masked/],
    [frame(OPCODES.close, closePayload(1005)), /^1002 .*1005 must not be sent/],
    [frame(OPCODES.continuation, "x"), /^1002 .*did not begin/],
  ];
  for (const [bytes, close] of wrong) {
    const { visitor, socket, client } = scene();
    visitor.write(bytes);
    await assert.rejects(Promise.resolve(socket.read()), { code: "http_invalid" });
    const [[opcode, text]] = await client.read(1);
    assert.equal(opcode, 8);
    assert.match(text, close);
    // What is written before the end must arrive: no reset.
    socket.abort();
    assert.equal(await client.atEnd(), true);
  }
});

test("WebSocketDuplex tells the visitor when the service breaks", async () => {
  const { socket, client, clock, visitor } = scene();
  socket.abort();
  assert.deepEqual(await client.read(1), [[8, "1011 The service is gone"]]);
  assert.equal(await client.atEnd(), true);
  await clock.advance(5_000);
  await visitor.closed;
});

test("WebSocketDuplex takes an end without a Close for an end, and one within a frame for a break", async () => {
  const clean = scene();
  clean.visitor.write(frame(OPCODES.binary, "x"));
  clean.visitor.closeWrite();
  assert.equal(await readText(clean.socket), "x");
  assert.equal(await clean.socket.read(), undefined);
  const cut = scene();
  cut.visitor.write(frame(OPCODES.binary, "xyz").subarray(0, 4));
  cut.visitor.closeWrite();
  await assert.rejects(Promise.resolve(cut.socket.read()), { code: "connection_closed" });
});

test("WebSocketDuplex ends at once when the visitor left without a Close and the service is done", async () => {
  const { visitor, socket } = scene();
  visitor.closeWrite();
  assert.equal(await socket.read(), undefined);
  await socket.closeWrite();
  assert.ok(await visitor.read());
  assert.equal(await visitor.read(), undefined);
  await socket.closed;
});

test("WebSocketDuplex keeps back what a slow visitor does not take", async () => {
  const [visitor, front] = pair({ highWaterBytes: 1_000 });
  const socket = new WebSocketDuplex(front, new FakeClock());
  const full = socket.write(new Uint8Array(5_000));
  assert.ok(full instanceof Promise);
  assert.ok(await visitor.read());
  assert.ok(await visitor.read());
  await full;
});

test("WebSocketDuplex joined with a service echoes a megabyte", async () => {
  const { visitor, socket, client } = scene();
  const [back, service] = pair();
  const joined = join(socket, back);
  const echo = (async () => {
    for (;;) {
      const chunk = await service.read();
      if (chunk === undefined) return service.closeWrite();
      await service.write(chunk);
    }
  })();
  const sent = "0123456789abcdef".repeat(65_536);
  const sending = (async () => {
    for (let at = 0; at < sent.length; at += 70_000) {
      await visitor.write(frame(OPCODES.binary, sent.slice(at, at + 70_000)));
    }
  })();
  let got = "";
  while (got.length < sent.length) got += (await client.read(1))[0][1];
  await sending;
  assert.equal(got, sent);
  visitor.write(frame(OPCODES.close, closePayload(1000)));
  await echo;
  visitor.closeWrite();
  assert.deepEqual((await client.read(1)).at(-1), [8, "1000"]);
  assert.equal(await client.atEnd(), true);
  assert.equal((await joined).error, undefined);
});
