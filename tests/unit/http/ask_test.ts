/** @module */
import assert from "node:assert/strict";
import { decodeText, encodeText } from "../../../lib/base/bytes.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { askHttp } from "../../../lib/http/ask.ts";
import { test } from "../../harness.ts";

test("askHttp() sends one request with its body and reads an answer in chunks", async () => {
  const [ours, theirs] = pair();
  theirs.write(
    encodeText(
      "HTTP/1.1 201 Created\r\nLocation: /x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
    ),
  );
  const { head, body } = await askHttp(ours, {
    method: "POST",
    url: new URL("https://a.example:14000/new?x=1"),
    headers: { "Content-Type": "text/plain" },
    body: "hello",
  });
  assert.equal(head.status, 201);
  assert.equal(head.get("location"), "/x");
  assert.equal(decodeText(body), "abc");
  ours.closeWrite();
  let sent = "";
  for (let chunk = await theirs.read(); chunk; chunk = await theirs.read()) {
    sent += decodeText(chunk);
  }
  assert.match(sent, /^POST \/new\?x=1 HTTP\/1\.1\r\nHost: a\.example:14000\r\n/);
  assert.match(sent, /Content-Length: 5\r\nConnection: close\r\n\r\nhello$/);
});

test("askHttp() reads no more than it was told to, and says when nobody answers", async () => {
  const [ours, theirs] = pair();
  theirs.write(encodeText("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789"));
  const url = new URL("http://a.example/");
  await assert.rejects(askHttp(ours, { method: "GET", url, maxBytes: 8 }), {
    code: "http_too_large",
  });
  const [again, gone] = pair();
  gone.closeWrite();
  await assert.rejects(askHttp(again, { method: "GET", url }), { code: "connection_closed" });
});
