import assert from "node:assert/strict";
import { parseRequestHead } from "../../../lib/http/head.ts";
import { BodyCapture, Capture } from "../../../lib/inspect/capture.ts";
import { test } from "../../harness.ts";
import { bytes, ORIGIN, text } from "./kit.ts";

test("BodyCapture keeps up to its limit, in any cut, and counts the rest", () => {
  for (const sizes of [[10], [4, 6], [1, 1, 1, 1, 1, 5], [5, 5]]) {
    const body = new BodyCapture(7);
    let at = 0;
    for (const size of sizes) body.push(bytes("abcdefghij".slice(at, at += size)));
    assert.deepEqual([text(body.bytes), body.totalBytes, body.isTruncated], ["abcdefg", 10, true]);
    assert.equal(body.costBytes, 7);
  }
});

test("Capture lets the oldest messages go, a part at a time, and knows what it costs", () => {
  const head = parseRequestHead(bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  const limits = { maxBodyBytes: 10, maxMessages: 10, maxPreviewBytes: 5 };
  const capture = new Capture("airt_1", ORIGIN, head, 0, 0, limits);
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
  const capture = new Capture("airt_1", ORIGIN, head, 0, 100, limits);
  capture.complete(150);
  capture.cut("late", 200);
  assert.deepEqual([capture.state, capture.error, capture.timing.durationMs], [
    "complete",
    undefined,
    50,
  ]);
});
