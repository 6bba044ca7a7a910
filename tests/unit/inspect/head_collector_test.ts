import assert from "node:assert/strict";
import { HeadCollector } from "../../../lib/inspect/head_collector.ts";
import { test } from "../../harness.ts";
import { bytes, text } from "./kit.ts";

const HEAD = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

test("HeadCollector gives each head and where the rest begins, whole and byte by byte", () => {
  const whole = new HeadCollector("request");
  const found = whole.push(bytes(`..${HEAD}body`), 2)!;
  assert.deepEqual([text(found.head), found.end], [HEAD, HEAD.length + 2]);
  const single = new HeadCollector("request");
  const stream = `\r\n${HEAD}${HEAD}`;
  const heads: string[] = [];
  for (const byte of bytes(stream)) {
    const one = single.push(Uint8Array.of(byte), 0);
    assert.equal(single.hasBegun, one === undefined);
    if (one) heads.push(text(one.head));
  }
  assert.deepEqual(heads, [HEAD, HEAD]);
});

test("HeadCollector gives up a head that has no end", () => {
  const collector = new HeadCollector("response");
  collector.push(bytes("HTTP/1.1 200 OK\r\nA: "), 0);
  assert.throws(() => {
    for (let count = 0; count < 20; count++) collector.push(new Uint8Array(64 * 1024).fill(65), 0);
  }, { code: "http_too_large" });
});
