/** @module */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { ByteTransform } from "../../../lib/base/byte_transform.ts";
import { nodeCodecs } from "../../../lib/runtime/node_codecs.ts";
import { test } from "../../harness.ts";

const DECODERS = { gzip: createGunzip, deflate: createInflate, br: createBrotliDecompress };

function bytes(count: number): Uint8Array {
  let seed = 1;
  return Uint8Array.from({ length: count }, () => (seed = (seed * 75 + 74) % 65537) & 0xff);
}

/** A decoder that tells what it has understood so far. */
function decoder(coding: keyof typeof DECODERS) {
  const stream = DECODERS[coding]();
  const parts: Uint8Array[] = [];
  stream.on("data", (part: Uint8Array) => parts.push(part));
  return {
    take: (chunk: Uint8Array) =>
      new Promise<void>((resolve) => stream.write(chunk, () => resolve())),
    end: () => new Promise<void>((resolve) => stream.on("end", () => resolve()).end()),
    get text() {
      return Buffer.concat(parts);
    },
  };
}

test("nodeCodecs compress, and what was pushed can be read at once", async () => {
  assert.deepEqual(nodeCodecs.codings, ["br", "gzip", "deflate"]);
  for (const coding of ["br", "gzip", "deflate"] as const) {
    const encoder = nodeCodecs.createEncoder(coding);
    const reader = decoder(coding);
    let sent = Buffer.alloc(0);
    for (const size of [5, 1, 70_000, 300_000, 1]) {
      const chunk = bytes(size);
      sent = Buffer.concat([sent, chunk]);
      const out = await encoder.push(chunk);
      assert.ok(out, `${coding} kept ${size} bytes`);
      await reader.take(out);
      assert.equal(reader.text.length, sent.length, coding);
    }
    const rest = await encoder.end();
    if (rest) await reader.take(rest);
    await reader.end();
    assert.ok(reader.text.equals(sent), coding);
  }
});

test("nodeCodecs make text smaller", async () => {
  const text = new TextEncoder().encode("All work and no play makes Jack a dull boy. ".repeat(200));
  for (const coding of nodeCodecs.codings) {
    const encoder = nodeCodecs.createEncoder(coding);
    const out = [await encoder.push(text), await encoder.end()];
    const size = out.reduce((sum, chunk) => sum + (chunk?.length ?? 0), 0);
    assert.ok(size < text.length / 10, `${coding}: ${size}`);
  }
});

test("nodeCodecs can end without a byte, and be cut at any time", async () => {
  const empty = nodeCodecs.createEncoder("gzip");
  const reader = decoder("gzip");
  await reader.take((await empty.end())!);
  await reader.end();
  assert.equal(reader.text.length, 0);

  const cut: ByteTransform = nodeCodecs.createEncoder("gzip");
  const pending = cut.push(bytes(1_000_000));
  cut.abort();
  cut.abort();
  await assert.rejects(Promise.resolve(pending), { code: "aborted" });
});

test("nodeCodecs do not pretend to know LZW", () => {
  assert.throws(() => nodeCodecs.createEncoder("compress"), { code: "internal" });
});
