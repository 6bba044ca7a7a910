import assert from "node:assert/strict";
import fc from "fast-check";
import { applyMask, closePayload, frameHead, OPCODES } from "../../../lib/http/websocket.ts";
import { DEFAULT_CAPTURE_LIMITS } from "../../../lib/inspect/capture.ts";
import type { StreamMessage } from "../../../lib/inspect/exchange.ts";
import { WebSocketReader } from "../../../lib/inspect/websocket_reader.ts";
import { concat } from "../../../lib/base/bytes.ts";
import { test } from "../../harness.ts";
import { bytes, plain, rig, text } from "./kit.ts";

const MASK = 0x01020304;

function frame(opcode: number, payload: Uint8Array, mask?: number, fin = true): Uint8Array {
  const body = payload.slice();
  if (mask !== undefined) applyMask(body, mask);
  return concat([
    frameHead(opcode, body.length, { fin, ...(mask !== undefined && { mask }) }),
    body,
  ]);
}

test("WebSocketReader lists frames of both kinds, in any cut, and leaves the bytes alone", () => {
  const sent = concat([
    frame(OPCODES.text, bytes("hel"), MASK, false),
    frame(OPCODES.ping, bytes("p"), MASK),
    frame(OPCODES.continuation, bytes("lo"), MASK),
    frame(OPCODES.binary, new Uint8Array(10_000).fill(7), MASK),
    frame(OPCODES.close, closePayload(1001, "bye"), MASK),
  ]);
  const read = (sizes: readonly number[]) => {
    const told: Omit<StreamMessage, "atMs">[] = [];
    const reader = new WebSocketReader("visitor", DEFAULT_CAPTURE_LIMITS, (one) => told.push(one));
    const passing = sent.slice();
    for (let at = 0, turn = 0; at < passing.length; turn++) {
      const size = sizes[turn % sizes.length];
      reader.push(passing.subarray(at, at + size));
      at += size;
    }
    reader.end();
    assert.deepEqual(passing, sent);
    return told;
  };
  const whole = read([sent.length]);
  assert.deepEqual(
    whole.map((one) => [one.opcode, one.isFinal, one.sizeBytes, one.isTruncated, one.closeCode]),
    [
      [OPCODES.text, false, 3, false, undefined],
      [OPCODES.ping, true, 1, false, undefined],
      [OPCODES.continuation, true, 2, false, undefined],
      [OPCODES.binary, true, 10_000, true, undefined],
      [OPCODES.close, true, 5, false, 1001],
    ],
  );
  assert.equal(text(whole[0].preview), "hel");
  assert.equal(whole[3].preview.length, DEFAULT_CAPTURE_LIMITS.maxPreviewBytes);
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1 }),
    (sizes) => assert.deepEqual(read(sizes), whole),
  ));
});

test("WebSocketReader says which frames came compressed", () => {
  const told: Omit<StreamMessage, "atMs">[] = [];
  const reader = new WebSocketReader("service", DEFAULT_CAPTURE_LIMITS, (one) => told.push(one));
  const compressed = frame(OPCODES.text, bytes("xyz"));
  compressed[0] |= 0x40;
  reader.push(concat([compressed, frame(OPCODES.text, bytes("abc"))]));
  assert.deepEqual(told.map(({ isCompressed, from }) => [isCompressed, from]), [
    [true, "service"],
    [false, "service"],
  ]);
});

test("HttpTap follows a WebSocket behind its upgrade, and gives up at what is none", () => {
  const ask = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  const yes =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  const { tap, store } = rig();
  tap.fromVisitor(concat([bytes(ask), frame(OPCODES.text, bytes("early"), MASK)]));
  tap.fromService(concat([bytes(yes), frame(OPCODES.text, bytes("hi"))]));
  tap.fromVisitor(frame(OPCODES.close, closePayload(1000), MASK));
  tap.close(undefined);
  const [exchange] = store.list().map(plain);
  assert.equal(exchange.state, "complete");
  assert.deepEqual(exchange.messages.map((one) => [one.from, one.text, one.closeCode]), [
    ["visitor", "early", undefined],
    ["service", "hi", undefined],
    ["visitor", "\x03\xe8", 1000],
  ]);
  const broken = rig();
  broken.tap.fromVisitor(bytes(ask));
  broken.tap.fromService(concat([bytes(yes), bytes("garbage, and more of it")]));
  assert.equal(broken.store.list()[0].state, "cut");
});
