import assert from "node:assert/strict";
import { fileBody, rangesBody } from "../../../lib/agent/file_server_body.ts";
import type { OpenFile } from "../../../lib/runtime/host.ts";
import { test } from "../../harness.ts";

/** A file in memory that says what was done with it. */
function fakeFile(data: Uint8Array, { stepBytes = Infinity, size = data.length } = {}) {
  const done = { closed: 0, reads: [] as number[] };
  const file: OpenFile = {
    info: { kind: "file", size, modifiedMs: 0 },
    read(offset, maxBytes) {
      done.reads.push(maxBytes);
      const bytes = data.slice(offset, offset + Math.min(maxBytes, stepBytes));
      return Promise.resolve(bytes.length ? bytes : undefined);
    },
    close() {
      done.closed++;
      return Promise.resolve();
    },
  };
  return { file, done };
}

const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);

async function all(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(
    await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer(),
  );
}

test("fileBody() is the part asked for, in blocks, and closes the file", async () => {
  const { file, done } = fakeFile(bytes);
  assert.deepEqual(await all(fileBody(file, 5, 299_999)), bytes.slice(5, 299_999));
  assert.ok(done.reads.every((maxBytes) => maxBytes <= 131_072));
  assert.equal(done.reads.length, 3);
  assert.equal(done.closed, 1);
});

test("fileBody() goes on where the system gave less than asked for", async () => {
  const { file } = fakeFile(bytes.slice(0, 1000), { stepBytes: 7 });
  assert.deepEqual(await all(fileBody(file, 1, 1000)), bytes.slice(1, 1000));
});

test("fileBody() reads nothing before it is wanted, and no more than that", async () => {
  const { file, done } = fakeFile(bytes);
  const reader = fileBody(file, 0, 300_000).getReader();
  assert.equal(done.reads.length, 0);
  await reader.read();
  assert.equal(done.reads.length, 1);
  await reader.cancel();
  assert.equal(done.closed, 1);
});

test("fileBody() fails when the file has become shorter, and closes it", async () => {
  const { file, done } = fakeFile(bytes.slice(0, 10), { size: 20 });
  await assert.rejects(all(fileBody(file, 0, 20)), /it ends at byte 10, and had 20/);
  assert.equal(done.closed, 1);
});

test("rangesBody() is multipart/byteranges with the length it says", async () => {
  const { file, done } = fakeFile(bytes.slice(0, 100));
  const body = rangesBody(file, [{ first: 0, last: 4 }, { first: 98, last: 99 }], "text/plain");
  const boundary = /^multipart\/byteranges; boundary=([0-9a-f]{32})$/.exec(body.type)![1];
  const got = await all(body.stream);
  assert.equal(got.length, body.lengthBytes);
  assert.equal(
    new TextDecoder("latin1").decode(got),
    `--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-4/100\r\n\r\n` +
      "\x00\x01\x02\x03\x04\r\n" +
      `--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 98-99/100\r\n\r\nbc\r\n` +
      `--${boundary}--\r\n`,
  );
  assert.equal(done.closed, 1);
});
