import assert from "node:assert/strict";
import {
  readContentLength,
  readHost,
  readTransferEncoding,
  readValue,
  valueSpells,
} from "../../../lib/http/critical_fields.ts";
import { HttpError } from "../../../lib/http/fault.ts";
import { HeadScanner } from "../../../lib/http/head_scanner.ts";
import { test } from "../../harness.ts";

function scan(headers: string): { bytes: Uint8Array; scanned: HeadScanner } {
  const bytes = Uint8Array.from(
    `GET / HTTP/1.1\r\n${headers}\r\n`,
    (char) => char.charCodeAt(0),
  );
  const scanned = new HeadScanner("request", 100);
  assert.equal(scanned.scan(bytes, bytes.length), bytes.length);
  return { bytes, scanned };
}

function hostOf(
  target: string,
  headers: string,
  method = "GET",
  version: "1.0" | "1.1" = "1.1",
) {
  const { bytes, scanned } = scan(headers);
  return readHost({ method, target, version }, bytes, scanned);
}

function isFault(fault: string) {
  return (error: unknown) => error instanceof HttpError && error.fault === fault;
}

test("readValue() and valueSpells() leave out the space around a value", () => {
  const { bytes, scanned } = scan("A: \t b\t c \t\r\nB:\r\nC: \t \r\n");
  assert.deepEqual(
    [0, 2, 4].map((index) => readValue(bytes, scanned.lines, index)),
    ["b\t c", "", ""],
  );
  assert.equal(valueSpells(bytes, scanned.lines, 0, "B\t C"), true);
  assert.equal(valueSpells(bytes, scanned.lines, 0, "b"), false);
  assert.equal(valueSpells(bytes, scanned.lines, 4, ""), true);
});

test("readHost() finds the one host a request is for", () => {
  const host = "Host: A.example:80\r\n";
  const same = { hostHeader: "A.example:80", host: "a.example" };
  assert.deepEqual(hostOf("/", host), {
    ...same,
    scheme: undefined,
    pathFrom: 0,
  });
  assert.deepEqual(hostOf("*", host, "OPTIONS"), {
    ...same,
    scheme: undefined,
    pathFrom: 0,
  });
  assert.deepEqual(hostOf("HTTP://a.EXAMPLE/x", host), {
    ...same,
    scheme: "http",
    pathFrom: 16,
  });
  assert.deepEqual(
    hostOf("http://a.example", "Host: a.example\r\n").pathFrom,
    16,
  );
  assert.deepEqual(hostOf("/", "", "GET", "1.0").host, "");
  assert.deepEqual(hostOf("https://b/", "", "GET", "1.0").host, "b");
});

test("readHost() compares ports as the scheme of the target means them", () => {
  assert.equal(hostOf("https://a:443/", "Host: a\r\n").host, "a");
  assert.equal(hostOf("https://a/", "Host: a:443\r\n").host, "a");
  assert.throws(
    () => hostOf("https://a/", "Host: a:80\r\n"),
    isFault("host_conflict"),
  );
  assert.throws(
    () => hostOf("http://a:443/", "Host: a\r\n"),
    isFault("host_conflict"),
  );
  assert.throws(
    () => hostOf("http://b/", "Host: a\r\n", "GET", "1.0"),
    isFault("host_conflict"),
  );
});

test("readContentLength() is undefined without the header", () => {
  const none = scan("");
  assert.equal(
    readContentLength("request", none.bytes, none.scanned),
    undefined,
  );
  const some = scan("Content-Length: 12\r\n");
  assert.equal(readContentLength("request", some.bytes, some.scanned), 12);
});

test("readContentLength() and readTransferEncoding() blame the message they are in", () => {
  const bad = scan("Content-Length: x\r\n");
  const twice = scan("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n");
  for (
    const [subject, status] of [["request", 400], ["response", 502]] as const
  ) {
    const blamed = (error: unknown) => error instanceof HttpError && error.status === status;
    assert.throws(
      () => readContentLength(subject, bad.bytes, bad.scanned),
      blamed,
    );
    assert.throws(
      () => readTransferEncoding(subject, "1.1", twice.bytes, twice.scanned),
      blamed,
    );
  }
});

test("readTransferEncoding() is true for chunked and false without the header", () => {
  const chunked = scan("Transfer-Encoding: CHUNKED\r\n");
  assert.equal(
    readTransferEncoding("request", "1.1", chunked.bytes, chunked.scanned),
    true,
  );
  const none = scan("");
  assert.equal(
    readTransferEncoding("request", "1.0", none.bytes, none.scanned),
    false,
  );
});
