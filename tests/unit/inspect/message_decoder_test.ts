import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { MessageDecoder } from "../../../lib/inspect/message_decoder.ts";
import type { MessageChange } from "../../../lib/inspect/message_reader.ts";
import { nodeCodecs } from "../../../lib/runtime/node_codecs.ts";
import { test } from "../../harness.ts";
import { bytes, text } from "./kit.ts";

function decoded(
  given: Uint8Array,
  sizeBytes = given.length,
  coding = "gzip",
): Promise<MessageChange> {
  const decoder = new MessageDecoder(nodeCodecs.decode, coding, 8);
  return new Promise((resolve) => decoder.take(given, sizeBytes, resolve));
}

const zipped = (of: string) => Uint8Array.from(gzipSync(of));

test("MessageDecoder says what a compressed message was", async () => {
  const short = await decoded(zipped("hello"));
  assert.deepEqual({ ...short, preview: text(short.preview) }, {
    ...{ sizeBytes: 5, preview: "hello", isTruncated: false },
  });
  const long = await decoded(zipped("x".repeat(20_000)));
  assert.deepEqual({ ...long, preview: text(long.preview) }, {
    ...{ sizeBytes: 20_000, preview: "xxxxxxxx", isTruncated: true },
  });
  assert.equal((await decoded(zipped(""))).sizeBytes, 0);
});

test("MessageDecoder shows the beginning of what it got in part, and of a bomb", async () => {
  const whole = zipped(Array.from({ length: 4_000 }, (_, index) => `${index * 7919} `).join(""));
  const cut = await decoded(whole.slice(0, 1_000), whole.length);
  assert.equal(text(cut.preview), "0 7919 1");
  assert.equal(cut.isTruncated, true);
  const bomb = await decoded(zipped("x".repeat(3_000_000)));
  assert.deepEqual([text(bomb.preview), bomb.isTruncated], ["xxxxxxxx", true]);
  assert.ok(bomb.sizeBytes <= 1024 * 1024);
});

test("MessageDecoder leaves what it cannot undo, and what comes too fast", async () => {
  let calls = 0;
  const waiting: (() => void)[] = [];
  const decoder = new MessageDecoder(
    () => {
      calls++;
      return new Promise((resolve) =>
        waiting.push(() => resolve({ bytes: new Uint8Array(0), error: "no" }))
      );
    },
    "snappy",
    8,
  );
  assert.equal(decoder.wants(10), 10);
  assert.equal(decoder.wants(1e9), 65_536);
  const piece = bytes("x".repeat(65_536));
  for (let count = 0; count < 30; count++) {
    decoder.take(piece, piece.length, () => assert.fail("it was not undone"));
  }
  assert.equal(calls, 16, "a MiB may wait");
  for (const settle of waiting.splice(0)) settle();
  await new Promise((resolve) => setTimeout(resolve, 0));
  decoder.take(piece, piece.length, () => {});
  assert.equal(calls, 17);
});
