/** @module */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  brotliCompressSync,
  constants,
  createBrotliDecompress,
  createDeflateRaw,
  createGunzip,
  createInflate,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
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

test("nodeCodecs undo what they know: whole, cut, several at once, and never too much", async () => {
  const text = bytes(50_000);
  for (
    const [coding, encoded] of [
      ["gzip", gzipSync(text)],
      ["X-Gzip", gzipSync(text)],
      ["deflate", deflateSync(text)],
      ["br", brotliCompressSync(text)],
      ["zstd", zstdCompressSync(text)],
      ["gzip, identity, br", brotliCompressSync(gzipSync(text))],
    ] as const
  ) {
    const whole = await nodeCodecs.decode(coding, encoded, 1e6);
    assert.equal(whole.error, undefined, coding);
    assert.deepEqual(Buffer.from(whole.bytes), Buffer.from(text), coding);
    const bounded = await nodeCodecs.decode(coding.split(",")[0], encoded, 1_000);
    if (!coding.includes(",")) {
      assert.deepEqual(Buffer.from(bounded.bytes), Buffer.from(text.subarray(0, 1_000)), coding);
      assert.match(bounded.error ?? "", /longer than 1000 bytes/);
    }
  }
  const cut = await nodeCodecs.decode("gzip", gzipSync(text).subarray(0, 20_000), 1e6);
  assert.ok(cut.bytes.length > 1_000, `${cut.bytes.length}`);
  assert.deepEqual(Buffer.from(cut.bytes), Buffer.from(text.subarray(0, cut.bytes.length)));
  const garbage = await nodeCodecs.decode("gzip", bytes(100), 1e6);
  assert.equal(garbage.bytes.length, 0);
  assert.notEqual(garbage.error, undefined);
  assert.match(
    (await nodeCodecs.decode("rot13", text, 10)).error ?? "",
    /"rot13" cannot be undone/,
  );
});

test("nodeCodecs.createInflater() goes on over messages, within bounds, and says what went wrong", async () => {
  const deflate = createDeflateRaw();
  const parts: Uint8Array[] = [];
  deflate.on("data", (part: Uint8Array) => parts.push(part));
  const compress = (text: string) =>
    new Promise<Uint8Array>((resolve) => {
      deflate.write(text);
      deflate.flush(constants.Z_SYNC_FLUSH, () => resolve(Buffer.concat(parts.splice(0))));
    });
  const inflater = nodeCodecs.createInflater();
  const first = await compress("one message and its words");
  const second = await compress("one message and its words");
  assert.ok(second.length < first.length);
  const read = async (piece: Uint8Array, keepBytes = 1_000) => {
    const { bytes, totalBytes, error } = await inflater.inflate(piece, keepBytes, 100_000);
    return [Buffer.from(bytes).toString(), totalBytes, error];
  };
  assert.deepEqual(await read(first), ["one message and its words", 25, undefined]);
  assert.deepEqual(await read(second, 3), ["one", 25, undefined]);
  const bomb = await compress("x".repeat(1_000_000));
  const [, , error] = await read(bomb, 0);
  assert.equal(error, "it is longer than 100000 bytes");
  assert.equal((await read(first))[2], "it is longer than 100000 bytes");
  inflater.close();
  deflate.destroy();
  const other = nodeCodecs.createInflater();
  const last = deflateRawSync("the last block");
  const { bytes: ended } = await other.inflate(last, 100, 100);
  assert.equal(Buffer.from(ended).toString(), "the last block");
  other.close();
  const garbage = nodeCodecs.createInflater();
  const broken = await garbage.inflate(new Uint8Array(100).fill(0xff), 100, 100);
  assert.notEqual(broken.error, undefined);
  garbage.close();
});
