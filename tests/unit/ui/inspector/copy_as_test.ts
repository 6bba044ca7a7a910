/** @module */
import assert from "node:assert/strict";
import { FakeAgentApi } from "../../../fakes/agent_api.ts";
import { curlText, fetchText, urlOf } from "../../../../lib/ui/inspector/copy_as.ts";
import { test } from "../../../harness.ts";

const api = new FakeAgentApi();

test("curlText() is a command that a shell reads as it was meant", () => {
  const exchange = api.make({
    method: "POST",
    target: "/a?b={c}",
    requestHeaders: [["Content-Type", "text/plain"], ["X-Empty", ""], ["X-Quote", "it's"], [
      "Content-Length",
      "5",
    ]],
    requestBody: "it's @me",
  });
  assert.equal(
    curlText(exchange),
    [
      "curl",
      "'https://shop.example.com/a?b={c}'",
      "--globoff",
      "--compressed",
      "--header 'User-Agent: Mozilla/5.0 (X11; Linux x86_64) Safari/605.1'",
      "--header 'Accept-Encoding: gzip, br'",
      "--header 'Content-Type: text/plain'",
      "--header 'X-Empty;'",
      "--header 'X-Quote: it'\\''s'",
      "--data-raw 'it'\\''s @me'",
    ].join(" \\\n  "),
  );
});

test("curlText() names the method where curl would choose another", () => {
  assert.match(curlText(api.make({ method: "DELETE" })), /--request DELETE/);
  assert.match(curlText(api.make({ method: "POST" })), /--request POST/);
  assert.match(curlText(api.make({ method: "GET", requestBody: "x" })), /--request GET/);
  assert.match(curlText(api.make({ method: "HEAD" })), /--head/);
  assert.doesNotMatch(curlText(api.make({})), /--request/);
});

test("curlText() carries bytes that are no text", () => {
  const text = curlText(api.make({ method: "POST", requestBody: new Uint8Array([0, 255, 1]) }));
  assert.match(text, /^base64 -d <<< AP8B \| curl/);
  assert.match(text, /--data-binary @-$/);
});

test("fetchText() is JavaScript that asks the same", async () => {
  const exchange = api.make({
    method: "PUT",
    target: "/x",
    requestHeaders: [["Content-Type", "text/plain"]],
    requestBody: 'a "b"\n',
  });
  const asked: [string, RequestInit][] = [];
  const run = new Function("fetch", `return (async () => { ${fetchText(exchange)} })()`);
  await run((url: string, init: RequestInit) => asked.push([url, init]));
  assert.equal(asked[0][0], "https://shop.example.com/x");
  const { method, body, headers } = asked[0][1];
  assert.equal(method, "PUT");
  assert.equal(body, 'a "b"\n');
  assert.equal(new Headers(headers).get("content-type"), "text/plain");
  assert.equal(new Headers(headers).get("accept-encoding"), null);
});

test("fetchText() carries bytes that are no text", async () => {
  const bytes: Uint8Array[] = [];
  const text = fetchText(api.make({ method: "POST", requestBody: new Uint8Array([0, 255]) }));
  const run = new Function("fetch", `return (async () => { ${text} })()`);
  await run((_: string, { body }: { body: Uint8Array }) => bytes.push(body));
  assert.deepEqual(bytes, [new Uint8Array([0, 255])]);
});

test("urlOf() is the public address, also of a target that is one", () => {
  assert.equal(urlOf(api.make({ target: "/a" })), "https://shop.example.com/a");
  assert.equal(urlOf(api.make({ target: "http://x/a" })), "http://x/a");
  assert.equal(urlOf(api.make({ target: "*" })), "https://shop.example.com");
});
