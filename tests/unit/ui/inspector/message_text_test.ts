/** @module */
import assert from "node:assert/strict";
import { FakeAgentApi } from "../../../fakes/agent_api.ts";
import {
  headerOf,
  readableBytes,
  requestLines,
  responseLines,
} from "../../../../lib/ui/inspector/message_text.ts";
import { test } from "../../../harness.ts";

const api = new FakeAgentApi();

test("requestLines() and responseLines() hold start line, headers and a body that is laid out", () => {
  const exchange = api.make({
    method: "POST",
    target: "/a",
    requestBody: '{"a":[1]}',
    requestHeaders: [["Content-Type", "application/json"]],
    headers: [["Content-Type", "application/xml"], ["Content-Encoding", "gzip"]],
    body: "<a><b/></a>",
  });
  const request = requestLines(exchange);
  assert.equal(request[0], "POST /a HTTP/1.1");
  assert.deepEqual(request.slice(-6), ["", "{", '  "a": [', "    1", "  ]", "}"]);
  const response = responseLines(exchange);
  assert.equal(response[0], "HTTP/1.1 200 OK");
  assert.deepEqual(response.slice(-3), ["<a>", "  <b/>", "</a>"]);
});

test("responseLines() says why there is none, and that bytes are bytes", () => {
  assert.deepEqual(responseLines(api.make({ status: null })), ["no response"]);
  assert.deepEqual(responseLines(api.make({ status: null, error: "Gone" })), ["Gone"]);
  const binary = api.make({ body: new Uint8Array([0, 255]) });
  assert.equal(responseLines(binary).at(-1), "(2 bytes that are no text)");
  assert.equal(responseLines(api.make({ body: "{" })).at(-1), "{");
});

test("headerOf() does not care for case; readableBytes() prefers what was decoded", () => {
  assert.equal(headerOf([["X-A", "1"], ["x-a", "2"]], "x-a"), "1");
  assert.equal(headerOf([], "x-a"), undefined);
  const { body } = api.make({ headers: [["Content-Encoding", "gzip"]], body: "hello" }).response!;
  assert.equal(new TextDecoder().decode(readableBytes(body)), "hello");
});
