import assert from "node:assert/strict";
import fc from "fast-check";
import { DEFAULT_CAPTURE_LIMITS } from "../../../lib/inspect/capture.ts";
import { SseReader } from "../../../lib/inspect/sse_reader.ts";
import { test } from "../../harness.ts";

function read(pieces: readonly Uint8Array[], limits = DEFAULT_CAPTURE_LIMITS) {
  const events: [data: string, name?: string, id?: string][] = [];
  const reader = new SseReader(limits, ({ preview, eventName, eventId }) => {
    events.push([new TextDecoder().decode(preview), eventName, eventId]);
  });
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return events;
}

const STREAM =
  "\ufeffdata: ä\r\rid: 1\ndata\ndata:  b\n\nevent: only a name\n\n:x\r\ndata: c\r\n\r\n";

test("SseReader reads events as the standard has them, in any cut", () => {
  const whole = new TextEncoder().encode(STREAM);
  const wanted = [["ä", undefined, undefined], ["\n b", undefined, "1"], ["c", undefined, "1"]];
  assert.deepEqual(read([whole]), wanted);
  fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), (size) => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < whole.length; at += size) pieces.push(whole.subarray(at, at + size));
    assert.deepEqual(read(pieces), wanted);
  }));
});

test("SseReader keeps the beginning of an event that is long, and no line without an end", () => {
  const limits = { ...DEFAULT_CAPTURE_LIMITS, maxPreviewBytes: 3 };
  assert.deepEqual(read([new TextEncoder().encode(`data: ${"x".repeat(200_000)}\n\n`)], limits), [
    ["xxx", undefined, undefined],
  ]);
});
