import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { decodeText } from "../../../lib/base/bytes.ts";
import { ERROR_CODES, type ErrorCode, TunnelError } from "../../../lib/base/errors.ts";
import { badGatewayResponse, describeFailure } from "../../../lib/agent/bad_gateway.ts";
import { parseUpstream } from "../../../lib/agent/upstream.ts";
import { parseResponseHead } from "../../../lib/http/head.ts";

const upstream = parseUpstream(8080, "http");
const refused = new TunnelError("connection_refused", "Cannot connect");

test("badGatewayResponse() of a program is exactly these bytes", () => {
  assert.equal(
    decodeText(
      badGatewayResponse(upstream, refused, { html: false, body: true }),
    ),
    "HTTP/1.1 502 Bad Gateway\r\n" +
      "Content-Type: text/plain; charset=utf-8\r\n" +
      "Content-Length: 174\r\n" +
      "Cache-Control: no-store\r\n" +
      "ngrok-error-code: ERR_NGROK_8012\r\n" +
      "Connection: close\r\n" +
      "\r\n" +
      'Cannot reach the upstream "http://localhost:8080": nothing listens at that address.\r\n' +
      "Start the service, or give the agent the address at which it listens.\r\n" +
      "\r\n" +
      "ERR_NGROK_8012\r\n",
  );
});

test("badGatewayResponse() of a browser is a page that escapes what came from outside", () => {
  const odd = { ...upstream, display: 'http://<a>&"b"' };
  const bytes = badGatewayResponse(odd, refused, { html: true, body: true });
  const text = decodeText(bytes);
  const end = text.indexOf("\r\n\r\n") + 4;
  const head = parseResponseHead(bytes.subarray(0, end));
  assert.equal(head.status, 502);
  assert.equal(head.get("content-type"), "text/html; charset=utf-8");
  assert.equal(head.contentLength, bytes.length - end);
  assert.match(text, /http:\/\/&lt;a&gt;&amp;&quot;b&quot;/);
  assert.match(text, /ERR_NGROK_8012/);
  assert.equal(text.includes("<a>"), false);
});

test("badGatewayResponse() of HEAD has the length and no body", () => {
  const text = decodeText(
    badGatewayResponse(upstream, refused, { html: false, body: false }),
  );
  assert.match(text, /\r\nContent-Length: 174\r\n/);
  assert.equal(text.endsWith("\r\n\r\n"), true);
  assert.equal(text.includes("upstream"), false);
});

test("describeFailure() has words for every code", () => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const text = describeFailure(upstream, new TunnelError(code, "x"));
    assert.match(
      text,
      /^Cannot reach the upstream "http:\/\/localhost:8080": [a-zA-Z].*[^.]$/,
    );
  }
});
