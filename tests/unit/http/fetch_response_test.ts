/** @module */
import assert from "node:assert/strict";
import { DateText, formatHead, planResponse } from "../../../lib/http/fetch_response.ts";
import type { BodyFraming } from "../../../lib/http/body.ts";
import { test } from "../../harness.ts";

const NONE: BodyFraming = { kind: "none" };
const DATE = "Thu, 01 Jan 1970 00:00:00 GMT";

/** A response without the checks that most runtimes make in its constructor. */
function raw(parts: {
  status?: number;
  statusText?: string;
  headers?: [string, string][];
  bodyUsed?: boolean;
}): Response {
  const { status = 200, statusText = "", headers = [], bodyUsed = false } = parts;
  return {
    status,
    statusText,
    bodyUsed,
    headers: {
      forEach: (each: (value: string, name: string) => void) =>
        headers.forEach(([name, value]) => each(value, name)),
    },
  } as unknown as Response;
}

test("planResponse() writes status, reason and headers, each Set-Cookie on a line of its own", () => {
  const headers = new Headers([["X-B", "2"], ["Set-Cookie", "a=b"], ["x-a", "caf\xe9"], [
    "Set-Cookie",
    "c=d",
  ], ["X-B", "3"]]);
  const plan = planResponse(new Response(null, { status: 404, headers }));
  const lines = plan.text.split("\r\n");
  assert.equal(lines.shift(), "HTTP/1.1 404 Not Found");
  assert.deepEqual(lines.sort(), [
    "",
    "set-cookie: a=b",
    "set-cookie: c=d",
    "x-a: caf\xe9",
    "x-b: 2, 3",
  ]);
  assert.equal(plan.lengthBytes, undefined);
  assert.equal(plan.close, false);
});

test("planResponse() takes the reason the handler gives, and knows none for odd codes", () => {
  assert.match(
    planResponse(new Response(null, { statusText: "Fine" })).text,
    /^HTTP\/1\.1 200 Fine\r\n/,
  );
  assert.match(planResponse(new Response(null, { status: 599 })).text, /^HTTP\/1\.1 599 \r\n/);
});

test("planResponse() keeps connection and framing to itself", () => {
  const plan = planResponse(raw({
    headers: [
      ["connection", "foo, Close"],
      ["keep-alive", "timeout=5"],
      ["proxy-connection", "x"],
      ["transfer-encoding", "Chunked"],
      ["content-length", "12"],
      ["date", "today"],
      ["upgrade", "h2c"],
    ],
  }));
  assert.equal(plan.text, "HTTP/1.1 200 OK\r\ndate: today\r\nupgrade: h2c\r\n");
  assert.deepEqual(
    {
      close: plan.close,
      lengthBytes: plan.lengthBytes,
      hasDate: plan.hasDate,
      upgrade: plan.upgrade,
    },
    { close: true, lengthBytes: 12, hasDate: true, upgrade: true },
  );
  assert.equal(planResponse(raw({ headers: [["connection", "disclose"]] })).close, false);
});

test("planResponse() says which status has a body and a length", () => {
  const table: [number, boolean, number | undefined][] = [
    [200, true, 5],
    [204, false, undefined],
    [205, false, 0],
    [304, false, 5],
  ];
  for (const [status, hasBody, lengthBytes] of table) {
    const plan = planResponse(raw({ status, headers: [["content-length", "5"]] }));
    assert.deepEqual([plan.hasBody, plan.lengthBytes], [hasBody, lengthBytes], `${status}`);
  }
});

test("planResponse() refuses what cannot be sent", () => {
  const refused: [string, Response | undefined][] = [
    ["nothing", undefined],
    ["a string", "no" as unknown as Response],
    ["an object", {} as Response],
    ["Response.error()", Response.error()],
    ["101", raw({ status: 101 })],
    ["a status that is no number", raw({ status: NaN })],
    ["a body that was read", raw({ bodyUsed: true })],
    ["a line end in the reason", raw({ statusText: "a\r\nX: y" })],
    ["a control character in the reason", raw({ statusText: "a\x01" })],
    ["a line end in a value", raw({ headers: [["x", "a\r\nb: c"]] })],
    ["a control character in a value", raw({ headers: [["x", "a\x01"]] })],
    ["a character that is no byte", raw({ headers: [["x", "\u0100"]] })],
    ["a space in a name", raw({ headers: [["x y", "a"]] })],
    ["another transfer coding", raw({ headers: [["transfer-encoding", "gzip, chunked"]] })],
    ["two lengths", raw({ headers: [["content-length", "5, 5"]] })],
    ["a negative length", raw({ headers: [["content-length", "-1"]] })],
    ["a length that is none", raw({ headers: [["content-length", ""]] })],
    ["a huge length", raw({ headers: [["content-length", "9007199254740993"]] })],
  ];
  for (const [what, response] of refused) {
    assert.throws(() => planResponse(response), TypeError, what);
  }
});

test("formatHead() says how the body ends and what becomes of the connection", () => {
  const plan = planResponse(new Response(null));
  const start = `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\n`;
  const table: [Partial<Parameters<typeof formatHead>[1]>, string][] = [
    [{ lengthBytes: 0 }, "Content-Length: 0\r\n"],
    [{}, ""],
    [{ framing: { kind: "length", bytes: 3 }, lengthBytes: 3 }, "Content-Length: 3\r\n"],
    [{ framing: { kind: "chunked" } }, "Transfer-Encoding: chunked\r\n"],
    [{ framing: { kind: "until_close" }, close: true, http10: true }, "Connection: close\r\n"],
    [{ lengthBytes: 1, close: true }, "Content-Length: 1\r\nConnection: close\r\n"],
    [{ lengthBytes: 1, http10: true }, "Content-Length: 1\r\nConnection: keep-alive\r\n"],
  ];
  for (const [options, lines] of table) {
    const head = formatHead(plan, {
      framing: NONE,
      lengthBytes: undefined,
      close: false,
      http10: false,
      date: DATE,
      ...options,
    });
    assert.equal(head, `${start}${lines}\r\n`);
  }
});

test("formatHead() lists Upgrade in Connection, and leaves the handler's Date alone", () => {
  const plan = planResponse(
    new Response(null, { status: 426, headers: { Upgrade: "websocket", Date: "x" } }),
  );
  const options = { framing: NONE, lengthBytes: 0, http10: false, date: DATE };
  const rest = "upgrade: websocket\r\nContent-Length: 0\r\nConnection: upgrade";
  assert.match(formatHead(plan, { ...options, close: false }), new RegExp(`${rest}\r\n\r\n$`));
  assert.match(
    formatHead(plan, { ...options, close: true }),
    new RegExp(`${rest}, close\r\n\r\n$`),
  );
  assert.doesNotMatch(formatHead(plan, { ...options, close: true }), /Date: Thu/);
});

test("DateText changes with the second", () => {
  const date = new DateText();
  assert.equal(date.at(0), DATE);
  assert.equal(date.at(999), DATE);
  assert.equal(date.at(1000), "Thu, 01 Jan 1970 00:00:01 GMT");
  assert.equal(date.at(999), DATE);
});
