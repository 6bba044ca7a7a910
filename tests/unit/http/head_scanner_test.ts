import assert from "node:assert/strict";
import { HttpError } from "../../../lib/http/fault.ts";
import { HeadScanner } from "../../../lib/http/head_scanner.ts";
import { test } from "../../harness.ts";

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

const TEXT = "\r\nPOST / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nUpgrade: y\r\nconnection: z\r\n" +
  "Content-Length: 1\r\n\r\nbody";

test("HeadScanner finds each line, its colon and the headers that matter", () => {
  const scanner = new HeadScanner("request", 100);
  const bytes = bytesOf(TEXT);
  const end = scanner.scan(bytes, bytes.length);
  assert.equal(end, TEXT.length - 4);
  assert.equal(scanner.start, 2);
  const lines = [
    "Host:",
    "Connection:",
    "Upgrade:",
    "connection:",
    "Content-Length:",
  ].flatMap(
    (name) => [TEXT.indexOf(name), TEXT.indexOf(name) + name.length - 1],
  );
  assert.deepEqual(scanner.lines, [...lines, end - 2]);
  assert.equal(scanner.host, 0);
  assert.equal(scanner.connection, 2);
  assert.equal(scanner.connections, 2);
  assert.equal(scanner.upgrade, 4);
  assert.equal(scanner.contentLength, 8);
  assert.equal(scanner.transferEncoding, -1);
});

test("HeadScanner comes to the same when the bytes come one by one", () => {
  const bytes = bytesOf(TEXT);
  const whole = new HeadScanner("request", 100);
  const end = whole.scan(bytes, bytes.length);
  const single = new HeadScanner("request", 100);
  for (let to = 1; to < end; to++) {
    assert.equal(single.scan(bytes, to), -1);
    assert.equal(single.begun, to > 2, `begun at ${to}`);
    assert.equal(
      single.inHeaders,
      to > 2 + "POST / HTTP/1.1\r\n".length - 1,
      `in headers at ${to}`,
    );
  }
  assert.equal(single.scan(bytes, end), end);
  assert.deepEqual(single.lines, whole.lines);
});

test("HeadScanner does not look at a byte twice", () => {
  const bytes = bytesOf(TEXT);
  const scanner = new HeadScanner("request", 100);
  for (let to = 1; to <= TEXT.length - 4; to++) {
    scanner.scan(bytes, to);
    // Only names are read again, and only at their colon: everything before may change unnoticed.
    if (bytes[to - 1] === 0x0a) bytes.fill(0, 0, to);
  }
  assert.equal(scanner.host, 0);
  assert.equal(scanner.connections, 2);
});

test("HeadScanner refuses a fault at its byte, before anything follows", () => {
  const table: [string, string][] = [
    ["GET / HTTP/1.1\n", "bare_lf"],
    ["GET / HTTP/1.1\r\nA : ", "space_before_colon"],
    ["GET / HTTP/1.1\r\nA: \0", "control_character"],
    ["GET / HTTP/1.1\r\n ", "obs_fold"],
    [
      "GET / HTTP/1.1\r\nTransfer-Encoding: x\r\ntransfer-encoding:",
      "transfer_encoding_repeated",
    ],
    ["\x16", "looks_like_tls"],
  ];
  for (const [text, fault] of table) {
    const scanner = new HeadScanner("request", 100);
    assert.throws(
      () => scanner.scan(bytesOf(text), text.length),
      (error) => error instanceof HttpError && error.fault === fault,
      text,
    );
  }
});

test("HeadScanner knows a response that is HTTP/2, and says what to do", () => {
  const settings = "\0\0\x06\x04\0\0\0\0\0";
  assert.throws(
    () => new HeadScanner("response", 100).scan(bytesOf(settings), settings.length),
    (error) =>
      error instanceof HttpError && error.fault === "looks_like_http2" &&
      error.message.endsWith("--upstream-protocol http2"),
  );
});
