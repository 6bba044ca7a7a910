import assert from "node:assert/strict";
import fc from "fast-check";
import { applyMask, closePayload, frameHead, OPCODES } from "../../../lib/http/websocket.ts";
import { DEFAULT_CAPTURE_LIMITS } from "../../../lib/inspect/capture.ts";
import type { StreamMessage } from "../../../lib/inspect/exchange.ts";
import { WebSocketReader } from "../../../lib/inspect/websocket_reader.ts";
import { concat } from "../../../lib/base/bytes.ts";
import { nodeCodecs } from "../../../lib/runtime/node_codecs.ts";
import { test } from "../../harness.ts";
import { bytes, deflated, plain, rig, text } from "./kit.ts";

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
    const reader = new WebSocketReader(
      "visitor",
      DEFAULT_CAPTURE_LIMITS,
      (one) => void told.push(one),
    );
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
  const reader = new WebSocketReader(
    "service",
    DEFAULT_CAPTURE_LIMITS,
    (one) => void told.push(one),
  );
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

test("HttpTap shows what compressed frames say, both ways, pings and fragments in between", async () => {
  const ask = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  const yes = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=15\r\n\r\n";
  const sent = await deflated(["from the visitor", "from the visitor again"]);
  const [said] = await deflated(["y".repeat(10_000)]);
  const { tap, store } = rig({}, { codecs: nodeCodecs });
  const compressed = (payload: Uint8Array, opcode: number, mask?: number, fin = true) => {
    const made = frame(opcode, payload, mask, fin);
    if (opcode !== OPCODES.continuation) made[0] |= 0x40;
    return made;
  };
  tap.fromVisitor(bytes(ask));
  tap.fromService(bytes(yes));
  tap.fromVisitor(compressed(sent[0], OPCODES.text, MASK));
  tap.fromVisitor(compressed(sent[1].subarray(0, 3), OPCODES.text, MASK, false));
  tap.fromVisitor(frame(OPCODES.ping, bytes("p"), MASK));
  tap.fromVisitor(compressed(sent[1].subarray(3), OPCODES.continuation, MASK));
  tap.fromVisitor(frame(OPCODES.text, bytes("plain"), MASK));
  let updates = 0;
  const done = new Promise<void>((resolve) => store.on(() => ++updates === 5 && resolve()));
  tap.fromService(compressed(said, OPCODES.binary));
  await done;
  tap.close(undefined);
  const [{ messages, state }] = store.list().map(plain);
  assert.equal(state, "complete");
  assert.deepEqual(messages.map((one) => [one.from, one.opcode, one.isCompressed]), [
    ["visitor", OPCODES.text, true],
    ["visitor", OPCODES.text, true],
    ["visitor", OPCODES.ping, false],
    ["visitor", OPCODES.continuation, true],
    ["visitor", OPCODES.text, false],
    ["service", OPCODES.binary, true],
  ]);
  assert.equal(messages[0].text, "from the visitor");
  assert.equal(messages[1].text + messages[3].text, "from the visitor again");
  assert.deepEqual([messages[2].text, messages[4].text], ["p", "plain"]);
  assert.deepEqual([messages[5].sizeBytes, messages[5].text.length, messages[5].isTruncated], [
    ...[10_000, DEFAULT_CAPTURE_LIMITS.maxPreviewBytes, true],
  ]);
});
