import assert from "node:assert/strict";
import { encodeText } from "../../../lib/base/bytes.ts";
import { typeOfBytes, typeOfName } from "../../../lib/agent/file_server_types.ts";
import { test } from "../../harness.ts";

test("typeOfName() tells by the end of the name, text with its charset", () => {
  const cases: [name: string, type: string | undefined][] = [
    ["index.html", "text/html; charset=utf-8"],
    ["INDEX.HTM", "text/html; charset=utf-8"],
    ["a.min.js", "text/javascript; charset=utf-8"],
    ["a.mjs", "text/javascript; charset=utf-8"],
    ["style.css", "text/css; charset=utf-8"],
    ["data.json", "application/json"],
    ["feed.xml", "application/xml; charset=utf-8"],
    ["pic.svg", "image/svg+xml; charset=utf-8"],
    ["pic.PNG", "image/png"],
    ["mod.wasm", "application/wasm"],
    ["font.woff2", "font/woff2"],
    ["archive.tar.gz", "application/gzip"],
    ["README", undefined],
    ["a.unknown", undefined],
    ["a.constructor", undefined],
    ["a.", undefined],
  ];
  for (const [name, type] of cases) assert.equal(typeOfName(name), type, name);
});

test("typeOfBytes() takes what begins like text for plain text, and nothing for a page", () => {
  const plain = "text/plain; charset=utf-8";
  const binary = "application/octet-stream";
  const cut = encodeText("\u00fc".repeat(300)).subarray(0, 511);
  const video = new Uint8Array(512);
  video[0] = video[188] = video[376] = 0x47;
  const cases: [start: Uint8Array, type: string][] = [
    [encodeText(""), plain],
    [encodeText("hello\r\n\tworld\x1b[0m"), plain],
    [encodeText("<html><script>alert(1)</script>"), plain],
    [cut, plain],
    [new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0]), binary],
    [new Uint8Array([0xff, 0xfe, 0x41, 0x42]), binary],
    [new Uint8Array(512), binary],
    [video, "video/mp2t"],
  ];
  for (const [start, type] of cases) assert.equal(typeOfBytes(start), type);
});
