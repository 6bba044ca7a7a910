import assert from "node:assert/strict";
import { responseFraming } from "../../../lib/http/body.ts";
import { parseResponseHead } from "../../../lib/http/head.ts";
import { formatResponse, reasonPhrase, type ResponseOptions } from "../../../lib/http/response.ts";
import { test } from "../../harness.ts";

function formatted(options: ResponseOptions): string {
  return new TextDecoder().decode(formatResponse(options));
}

test("formatResponse() writes head and body in one piece", () => {
  assert.equal(
    formatted({
      status: 502,
      headers: [["ngrok-error-code", "ERR_NGROK_8012"], [
        "Content-Type",
        "text/plain",
      ]],
      body: "no – é",
      close: true,
      dateMs: 784_111_777_000,
    }),
    "HTTP/1.1 502 Bad Gateway\r\nngrok-error-code: ERR_NGROK_8012\r\nContent-Type: text/plain\r\n" +
      "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 9\r\nConnection: close\r\n\r\nno – é",
  );
});

test("formatResponse() sends the length but not the body to HEAD", () => {
  assert.equal(
    formatted({ status: 200, body: "hello", toHead: true }),
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
  );
});

test("formatResponse() gives no body and no length to statuses that have none", () => {
  for (const status of [100, 101, 204, 304]) {
    const bytes = formatResponse({ status, body: "hello" });
    const head = parseResponseHead(bytes);
    assert.equal(head.count, 0);
    assert.equal(responseFraming(head, "GET").kind, "none");
  }
});

test("formatResponse() takes bytes, its own reason, and nothing at all", () => {
  assert.equal(
    formatted({ status: 299, reason: "Fine", body: new Uint8Array([0x41]) }),
    "HTTP/1.1 299 Fine\r\nContent-Length: 1\r\n\r\nA",
  );
  assert.equal(
    formatted({ status: 299 }),
    "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n",
  );
});

test("formatResponse() refuses what would break the message", () => {
  const table: ResponseOptions[] = [
    { status: 200, headers: [["X", "a\r\nSet-Cookie: b"]] },
    { status: 200, headers: [["X\r\n", "a"]] },
    { status: 200, reason: "OK\r\nX: y" },
    { status: 200, headers: [["content-length", "3"]] },
    { status: 200, headers: [["Transfer-Encoding", "chunked"]] },
  ];
  for (const options of table) {
    assert.throws(() => formatResponse(options), TypeError);
  }
  for (const status of [0, 99, 1000, 200.5, NaN]) {
    assert.throws(() => formatResponse({ status }), RangeError);
  }
});

test("reasonPhrase() knows the registered statuses", () => {
  assert.equal(reasonPhrase(431), "Request Header Fields Too Large");
  assert.equal(reasonPhrase(299), "");
});
