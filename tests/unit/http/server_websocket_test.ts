import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { encodeText } from "../../../lib/base/bytes.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { type Duplex, pair } from "../../../lib/base/duplex.ts";
import {
  ServerWebSocket,
  type ServerWebSocketOptions,
  type SocketCloseEvent,
} from "../../../lib/http/server_websocket.ts";
import {
  applyMask,
  closePayload,
  frameHead,
  FrameReader,
  OPCODES,
} from "../../../lib/http/websocket.ts";

const MASK = 0x12345678;

/** What a visitor sends. */
function frame(opcode: number, payload: Uint8Array | string, fin = true): Uint8Array {
  const bytes = typeof payload === "string" ? encodeText(payload) : payload.slice();
  const whole = frameHead(opcode, bytes.length, { mask: MASK, fin, room: bytes.length });
  applyMask(bytes, MASK);
  whole.set(bytes, whole.length - bytes.length);
  return whole;
}

/** A socket and its visitor, who notes what it is sent. */
class Scene {
  readonly clock = new FakeClock();
  readonly visitor: Duplex;
  readonly socket: ServerWebSocket;
  readonly frames: [opcode: number, text: string][] = [];
  readonly events: string[] = [];
  close: SocketCloseEvent | undefined;
  readonly #conn: Duplex;

  constructor(options: ServerWebSocketOptions = {}, highWaterBytes?: number) {
    [this.visitor, this.#conn] = pair({ highWaterBytes });
    const about = { url: "https://a.test/chat", protocol: "" };
    this.socket = new ServerWebSocket(this.clock, about, { pingIntervalMs: 0, ...options });
    this.socket.onopen = () => this.events.push("open");
    this.socket.onmessage = ({ data }) => this.events.push(`message ${String(data)}`);
    this.socket.onerror = ({ message }) => this.events.push(`error ${message}`);
    this.socket.onclose = (event) => this.close = event;
  }

  open(): this {
    this.socket.attach(this.#conn);
    return this;
  }

  say(...frames: Uint8Array[]): void {
    for (const frame of frames) this.visitor.write(frame);
  }

  /** Reads what was sent until the socket hangs up. */
  async listen(): Promise<void> {
    let text: Uint8Array[] = [];
    const reader = new FrameReader({ masked: false }, {
      onHead: () => text = [],
      onPayload: (piece) => text.push(piece),
      onEnd: (head) => {
        const sizes = text.reduce((sum, piece) => sum + piece.length, 0);
        const shown = sizes > 100 ? `${sizes} bytes` : text.map(latin1).join("");
        this.frames.push([head.opcode, shown]);
      },
    });
    for (let chunk; (chunk = await this.visitor.read());) reader.push(chunk);
  }

  /** The visitor says goodbye and hangs up; waits for the end of the socket. */
  async leave(): Promise<void> {
    this.say(frame(OPCODES.close, closePayload(1000)));
    await this.listen();
    this.visitor.closeWrite();
    await this.clock.advance(0);
    assert.equal(this.socket.readyState, ServerWebSocket.CLOSED);
    assert.equal(this.clock.pending, 0, "no timer is left");
  }
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

test("ServerWebSocket takes text in fragments, around a ping that it answers", async () => {
  const scene = new Scene().open();
  assert.equal(scene.socket.readyState, ServerWebSocket.OPEN);
  scene.say(
    frame(OPCODES.text, "\ufeffhé", false),
    frame(OPCODES.ping, "beat"),
    frame(OPCODES.continuation, "llo"),
  );
  await scene.clock.advance(0);
  assert.deepEqual(scene.events, ["open", "message \ufeffhéllo"]);
  await scene.leave();
  assert.deepEqual(scene.frames, [[OPCODES.pong, "beat"], [OPCODES.close, "\x03\xe8"]]);
  assert.deepEqual([scene.close?.code, scene.close?.wasClean], [1000, true]);
});

test("ServerWebSocket gives binary messages as they are wanted", async () => {
  const scene = new Scene().open();
  const seen: unknown[] = [];
  scene.socket.addEventListener("message", ({ data }) => seen.push(data));
  scene.say(frame(OPCODES.binary, new Uint8Array([1, 2])));
  await scene.clock.advance(0);
  scene.socket.binaryType = "arraybuffer";
  scene.say(frame(OPCODES.binary, new Uint8Array([3])));
  await scene.clock.advance(0);
  assert.ok(seen[0] instanceof Blob);
  assert.deepEqual(new Uint8Array(await seen[0].arrayBuffer()), new Uint8Array([1, 2]));
  assert.deepEqual(new Uint8Array(seen[1] as ArrayBuffer), new Uint8Array([3]));
  await scene.leave();
});

test("ServerWebSocket sends text, bytes, views and blobs in order", async () => {
  const scene = new Scene().open();
  const bytes = new Uint8Array([65, 66, 67]);
  scene.socket.send("one");
  scene.socket.send(new Blob(["two"]));
  scene.socket.send(bytes.subarray(1));
  scene.socket.send(bytes.buffer);
  scene.socket.send("x".repeat(70_000));
  bytes.fill(0); // what was sent is not what becomes of it
  const leaving = scene.leave();
  await leaving;
  assert.deepEqual(scene.frames.slice(0, -1), [
    [OPCODES.text, "one"],
    [OPCODES.binary, "two"],
    [OPCODES.binary, "BC"],
    [OPCODES.binary, "ABC"],
    [OPCODES.text, "70000 bytes"],
  ]);
});

test("ServerWebSocket says what waits for a slow visitor", async () => {
  const scene = new Scene({}, 1_000).open();
  scene.socket.send("x".repeat(2_000));
  assert.equal(scene.socket.bufferedAmount, 0, "handed to the carrier");
  scene.socket.send("y".repeat(2_000));
  assert.ok(scene.socket.bufferedAmount >= 2_000);
  let drained = false;
  void scene.socket.drained.then(() => drained = true);
  await scene.clock.advance(0);
  assert.equal(drained, false);
  await scene.leave();
  assert.equal(drained, true);
  assert.equal(scene.socket.bufferedAmount, 0);
  assert.equal(scene.frames.length, 3);
});

test("ServerWebSocket.close() says goodbye once and waits for the visitor's", async () => {
  const scene = new Scene().open();
  scene.socket.close(4_001, "enough");
  scene.socket.close();
  assert.equal(scene.socket.readyState, ServerWebSocket.CLOSING);
  scene.socket.send("too late");
  await scene.leave();
  assert.deepEqual(scene.frames, [[OPCODES.close, "\x0f\xa1enough"]]);
  assert.equal(scene.close?.wasClean, true);
  assert.throws(() => scene.socket.close(1006), RangeError);
});

test("ServerWebSocket.close() before it is open is said when it opens", async () => {
  const scene = new Scene();
  assert.throws(() => scene.socket.send("x"), { code: "aborted" });
  scene.socket.close(1001);
  scene.open();
  await scene.leave();
  assert.deepEqual(scene.frames, [[OPCODES.close, "\x03\xe9"]]);
});

test("ServerWebSocket cuts a visitor that does not say goodbye", async () => {
  const scene = new Scene().open();
  scene.socket.close();
  await scene.clock.advance(5_000);
  assert.deepEqual([scene.close?.code, scene.close?.wasClean], [1006, false]);
  assert.equal(scene.clock.pending, 0);
});

test("ServerWebSocket tells a visitor that breaks the protocol why it ends", async () => {
  const cases: [Uint8Array[], number][] = [
    [[frame(OPCODES.text, new Uint8Array([0xff]))], 1007],
    [[frame(3, "")], 1002],
    [[frame(OPCODES.binary, new Uint8Array(200))], 1009],
    [[frame(OPCODES.binary, new Uint8Array(80), false), frame(0, new Uint8Array(80))], 1009],
    [[frame(OPCODES.close, new Uint8Array([3]))], 1002],
  ];
  for (const [frames, code] of cases) {
    const scene = new Scene({ maxMessageBytes: 100 }).open();
    scene.say(...frames);
    await scene.listen().catch(() => undefined);
    await scene.clock.advance(0);
    assert.deepEqual(scene.frames, [[OPCODES.close, latin1(closePayload(code))]], `${code}`);
    assert.match(scene.events.join(), /error Cannot read the WebSocket frame/);
    assert.equal(scene.close?.wasClean, false);
    assert.equal(scene.clock.pending, 0);
  }
});

test("ServerWebSocket ends with 1006 when the visitor vanishes", async () => {
  const scene = new Scene().open();
  scene.visitor.abort();
  await scene.clock.advance(0);
  assert.equal(scene.close?.code, 1006);
  assert.match(scene.events[1], /^error /);
});

test("ServerWebSocket pings, and gives up on who does not answer", async () => {
  const scene = new Scene({ pingIntervalMs: 1_000 }).open();
  await scene.clock.advance(1_000);
  scene.say(frame(OPCODES.pong, ""));
  await scene.clock.advance(1_000);
  assert.equal(scene.socket.readyState, ServerWebSocket.OPEN);
  await scene.clock.advance(1_000);
  assert.match(scene.events.join(), /error The visitor did not answer a ping in time/);
  assert.equal(scene.close?.code, 1006);
  assert.equal(scene.clock.pending, 0);
});

test("ServerWebSocket is read by a loop no faster than the loop works", async () => {
  const scene = new Scene({}, 1_000).open();
  const seen: string[] = [];
  let go = () => {};
  const gate = new Promise<void>((resolve) => go = resolve);
  const loop = (async () => {
    for await (const data of scene.socket) {
      if (seen.length === 0) await gate;
      seen.push(data as string);
    }
  })();
  const sending = (async () => {
    for (let at = 0; at < 100; at++) await scene.visitor.write(frame(1, `${at}`.repeat(100)));
  })();
  await scene.clock.advance(0);
  const messages = scene.events.filter((text) => text.startsWith("message")).length;
  assert.ok(messages < 40, `${messages} were read ahead`);
  go();
  await sending;
  await scene.leave();
  await loop;
  assert.equal(seen.length, 100);
});
