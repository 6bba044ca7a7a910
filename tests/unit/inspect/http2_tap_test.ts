import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { concat } from "../../../lib/base/bytes.ts";
import {
  FLAG,
  FRAME,
  HEADER_BYTES,
  headersFrames,
  numbersFrame,
  PREFACE,
  settingsFrame,
  writeHeader,
} from "../../../lib/http/h2/frame.ts";
import { HpackEncoder } from "../../../lib/http/h2/hpack_encoder.ts";
import type { FieldList } from "../../../lib/http/http2_request.ts";
import { DEFAULT_CAPTURE_LIMITS } from "../../../lib/inspect/capture.ts";
import { isPrefaceHead } from "../../../lib/inspect/http2_tap.ts";
import { nodeCodecs } from "../../../lib/runtime/node_codecs.ts";
import { test } from "../../harness.ts";
import { bytes, grpcMessage, plain, rig, text } from "./kit.ts";

function data(id: number, payload: Uint8Array, isEnd = false, padding?: number): Uint8Array {
  const padded = padding === undefined
    ? payload
    : concat([Uint8Array.of(padding), payload, new Uint8Array(padding)]);
  const out = new Uint8Array(HEADER_BYTES + padded.length);
  const flags = (isEnd ? FLAG.endStream : 0) | (padding === undefined ? 0 : FLAG.padded);
  writeHeader(out, 0, padded.length, FRAME.data, flags, id);
  out.set(padded, HEADER_BYTES);
  return out;
}

function request(path: string, more: FieldList = [], method = "POST"): FieldList {
  return [
    ...[[":method", method], [":scheme", "http"], [":path", path], [":authority", "a.test"]],
    ...more,
  ] as FieldList;
}

const GRPC: FieldList = [["content-type", "application/grpc+proto"]];

/** Two streams at once: a call with messages both ways, and a request that is none. */
function conversation() {
  const [ask, answer] = [new HpackEncoder(), new HpackEncoder()];
  const call = grpcMessage("first");
  const asked = [
    PREFACE,
    settingsFrame([]),
    headersFrames(1, ask.encode(request("/shop.Cart/Add", GRPC)), false),
    data(1, call.subarray(0, 3)),
    headersFrames(3, ask.encode(request("/page", [["x-long", "y".repeat(40_000)]], "GET")), true),
    data(1, concat([call.subarray(3), grpcMessage("second", true)]), true, 7),
  ];
  const answered = [
    settingsFrame([]),
    numbersFrame(FRAME.ping, 0, 0, 1, 2),
    headersFrames(1, answer.encode([[":status", "200"], ...GRPC]), false),
    headersFrames(3, answer.encode([[":status", "103"]]), false),
    headersFrames(3, answer.encode([[":status", "404"], ["content-length", "2"]]), false),
    data(1, grpcMessage("answer")),
    data(3, bytes("no"), true),
    headersFrames(1, answer.encode([["grpc-status", "0"]]), true),
  ];
  return { asked: concat(asked), answered: concat(answered) };
}

function feed(take: (chunk: Uint8Array) => void, all: Uint8Array, sizes: readonly number[]) {
  for (let at = 0, turn = 0; at < all.length; turn++) {
    const size = sizes[turn % sizes.length];
    // A tunnel's buffer is used again: what is kept must be a copy.
    const chunk = all.slice(at, at + size);
    take(chunk);
    chunk.fill(0xee);
    at += size;
  }
}

test("Http2Tap makes an exchange of each stream, with the messages of gRPC, in any cut", () => {
  const { asked, answered } = conversation();
  const read = (sizes: readonly number[]) => {
    const { tap, store } = rig();
    feed((chunk) => tap.fromVisitor(chunk), asked, sizes);
    feed((chunk) => tap.fromService(chunk), answered, sizes);
    assert.equal(tap.isIdle, true);
    tap.close(undefined);
    return store.list().map(plain).reverse();
  };
  const whole = read([1 << 20]);
  const [call, page] = whole;
  assert.equal(call.request.line, "POST /shop.Cart/Add 2");
  assert.equal(
    call.request.head,
    "POST /shop.Cart/Add HTTP/2\r\nhost: a.test\r\ncontent-type: application/grpc+proto\r\n\r\n",
  );
  assert.equal(call.state, "complete");
  assert.deepEqual(call.response?.trailers, [["grpc-status", "0"]]);
  assert.deepEqual(call.messages.map((one) => [one.kind, one.from, one.text, one.isCompressed]), [
    ["grpc", "visitor", "first", false],
    ["grpc", "visitor", "second", true],
    ["grpc", "service", "answer", false],
  ]);
  assert.equal(page.request.line, "GET /page 2");
  assert.equal(page.request.headers[1][1].length, 40_000);
  assert.deepEqual([page.response?.status, page.response?.body], [404, "no"]);
  assert.deepEqual(page.messages, []);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 5 }),
      (sizes) => assert.deepEqual(read(sizes), whole),
    ),
    { numRuns: 20 },
  );
});

test("Http2Tap follows a service that speaks first, and says what cut a stream", () => {
  const { tap, store } = rig();
  const ask = new HpackEncoder();
  tap.fromService(settingsFrame([]));
  tap.fromVisitor(concat([PREFACE, headersFrames(1, ask.encode(request("/a")), false)]));
  tap.fromVisitor(headersFrames(3, ask.encode(request("/b")), true));
  tap.fromVisitor(headersFrames(5, ask.encode(request("/c")), true));
  tap.fromVisitor(numbersFrame(FRAME.resetStream, 0, 1, 8));
  tap.fromService(numbersFrame(FRAME.resetStream, 0, 3, 8));
  assert.equal(tap.isIdle, false);
  tap.serviceEnded();
  assert.deepEqual(store.list().map(({ error }) => error).reverse(), [
    "The visitor reset the stream",
    "The service reset the stream",
    "The service ended the connection",
  ]);
});

test("Http2Tap gives up at what is no HTTP/2, and never throws", () => {
  const ask = new HpackEncoder();
  const { tap, store } = rig();
  tap.fromVisitor(concat([PREFACE, headersFrames(1, ask.encode(request("/a")), true)]));
  tap.fromService(new Uint8Array(100).fill(0xff));
  assert.match(store.list()[0].error ?? "", /It cannot be followed: a frame of \d+ bytes/);
  assert.equal(tap.isOff, true);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (garbage) => {
    const other = rig();
    other.tap.fromVisitor(concat([PREFACE, garbage]));
    other.tap.fromService(garbage);
    other.tap.close(undefined);
    assert.equal(other.tap.isIdle, true);
  }));
});

test("isPrefaceHead() knows the beginning of HTTP/2 alone", () => {
  assert.equal(isPrefaceHead(PREFACE.subarray(0, 18)), true);
  assert.equal(isPrefaceHead(bytes("PRI * HTTP/1.1\r\n\r\n")), false);
});

test("Http2Tap inflates gRPC messages beside the tunnel, by the coding that the call names", async () => {
  const { tap, store } = rig({}, { codecs: nodeCodecs });
  const [ask, answer] = [new HpackEncoder(), new HpackEncoder()];
  const call = request("/shop.Cart/Add", [...GRPC, ["grpc-encoding", "gzip"]]);
  const long = "x".repeat(50_000);
  const zipped = (of: string) => grpcMessage(String.fromCharCode(...gzipSync(of)), true);
  tap.fromVisitor(concat([PREFACE, settingsFrame([]), headersFrames(1, ask.encode(call), false)]));
  tap.fromVisitor(data(1, concat([zipped("hello"), grpcMessage("plain"), zipped(long)]), true));
  tap.fromService(concat([
    settingsFrame([]),
    headersFrames(1, answer.encode([[":status", "200"], ...GRPC]), false),
    // It names no coding: nobody knows what this is.
    data(1, grpcMessage("odd", true), true),
  ]));
  const [exchange] = store.list();
  assert.equal(exchange.state, "complete", exchange.error);
  await new Promise<void>((resolve) => {
    const isDone = () =>
      [5, 50_000].every((size, index) => exchange.messages[2 * index].sizeBytes === size);
    if (isDone()) return resolve();
    const forget = store.on(() => {
      if (!isDone()) return;
      forget();
      resolve();
    });
  });
  const { maxPreviewBytes } = DEFAULT_CAPTURE_LIMITS;
  assert.deepEqual(
    exchange.messages.map(({ preview, isCompressed, isTruncated }) => [
      ...[text(preview), isCompressed, isTruncated],
    ]),
    [
      ["hello", true, false],
      ["plain", false, false],
      [long.slice(0, maxPreviewBytes), true, true],
      ["odd", true, false],
    ],
  );
});
