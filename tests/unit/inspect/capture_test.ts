import assert from "node:assert/strict";
import { parseRequestHead, parseResponseHead } from "../../../lib/http/head.ts";
import { ByteKeeper } from "../../../lib/inspect/byte_keeper.ts";
import { BodyCapture, Capture } from "../../../lib/inspect/capture.ts";
import { test } from "../../harness.ts";
import { bytes, ORIGIN, text } from "./kit.ts";

test("BodyCapture keeps up to its limit, in any cut, and counts the rest", () => {
  for (const sizes of [[10], [4, 6], [1, 1, 1, 1, 1, 5], [5, 5]]) {
    const body = new BodyCapture(7, new ByteKeeper());
    let at = 0;
    for (const size of sizes) body.push(bytes("abcdefghij".slice(at, at += size)));
    assert.deepEqual([text(body.bytes), body.totalBytes, body.isTruncated], ["abcdefg", 10, true]);
    assert.equal(body.costBytes, 7);
  }
});

test("Capture lets the oldest messages go, a part at a time, and knows what it costs", () => {
  const head = parseRequestHead(bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  const limits = { maxBodyBytes: 10, maxMessages: 10, maxPreviewBytes: 5 };
  const capture = new Capture("airt_1", ORIGIN, head, 0, 0, limits, new ByteKeeper());
  const empty = capture.costBytes;
  for (let count = 0; count < 25; count++) {
    const preview = bytes(String(count).padStart(4));
    capture.addMessage(
      { kind: "sse", from: "service", sizeBytes: 4, preview, isTruncated: false },
      count,
    );
  }
  assert.equal(capture.messages.length, 10);
  assert.equal(capture.droppedMessages, 15);
  assert.equal(text(capture.messages[0].preview).trim(), "15");
  assert.equal(capture.costBytes, empty + 10 * 164);
});

test("Capture ends once: what comes after its end changes nothing", () => {
  const head = parseRequestHead(bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  const limits = { maxBodyBytes: 10, maxMessages: 10, maxPreviewBytes: 5 };
  const capture = new Capture("airt_1", ORIGIN, head, 0, 100, limits, new ByteKeeper());
  capture.complete(150);
  capture.cut("late", 200);
  assert.deepEqual([capture.state, capture.error, capture.timing.durationMs], [
    "complete",
    undefined,
    50,
  ]);
});

test("Capture reads the header lines from the head it kept: names as written, values without the space round them", () => {
  const request = "\r\nGET / HTTP/1.1\r\nHoST:x\r\nA: \t b c \t\r\nEmpty:\r\nA: \u00e9:\r\n\r\n";
  const seen = parseRequestHead(Uint8Array.from(request, (char) => char.charCodeAt(0)));
  const limits = { maxBodyBytes: 10, maxMessages: 10, maxPreviewBytes: 5 };
  const capture = new Capture("airt_1", ORIGIN, seen, 0, 0, limits, new ByteKeeper());
  assert.deepEqual(capture.request.headers, [...seen]);
  assert.deepEqual(capture.request.headers, [["HoST", "x"], ["A", "b c"], ["Empty", ""], [
    "A",
    "\u00e9:",
  ]]);
  const bare = parseResponseHead(bytes("HTTP/1.1 204\r\n\r\n"));
  capture.respond({ status: 204, reason: "", version: "1.1", bytes: bare.bytes }, 1);
  assert.deepEqual(capture.response?.headers, []);
});
