import assert from "node:assert/strict";
import { editHead } from "../../../lib/http/edit.ts";
import { forwardedEdits, type ForwardedVisitor } from "../../../lib/http/forwarded.ts";
import { parseRequestHead } from "../../../lib/http/head.ts";
import { test } from "../../harness.ts";

/** The header lines that reach the upstream. */
function forwarded(headers: string, visitor: ForwardedVisitor): string[] {
  const text = `GET / HTTP/1.1\r\nHost: A.example:8080\r\n${headers}\r\n`;
  const head = parseRequestHead(new TextEncoder().encode(text));
  const edited = editHead(head, forwardedEdits(head, visitor));
  return new TextDecoder().decode(edited).split("\r\n").slice(2, -2);
}

const VISITOR: ForwardedVisitor = { clientIp: "203.0.113.9", proto: "https" };

test("forwardedEdits() adds the visitor behind the headers", () => {
  assert.deepEqual(forwarded("Z: 1\r\n", VISITOR), [
    "Z: 1",
    "X-Forwarded-For: 203.0.113.9",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: A.example:8080",
  ]);
});

test("forwardedEdits() appends to what is there, in its place, and keeps the host", () => {
  assert.deepEqual(
    forwarded(
      "x-forwarded-for: 10.0.0.1\r\nZ: 1\r\nX-Forwarded-For:\r\nX-FORWARDED-FOR: 10.0.0.2, ::1\r\n" +
        "X-Forwarded-Proto: http\r\nX-Forwarded-Host: outer.example\r\n",
      VISITOR,
    ),
    [
      "x-forwarded-for: 10.0.0.1, 10.0.0.2, ::1, 203.0.113.9",
      "Z: 1",
      "X-Forwarded-Proto: http, https",
      "X-Forwarded-Host: outer.example",
    ],
  );
});

test("forwardedEdits() drops what the visitor said when it is not to be kept", () => {
  assert.deepEqual(
    forwarded(
      "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: x\r\nX-Forwarded-Host: y\r\n",
      {
        ...VISITOR,
        keepIncoming: false,
      },
    ),
    [
      "X-Forwarded-For: 203.0.113.9",
      "X-Forwarded-Proto: https",
      "X-Forwarded-Host: A.example:8080",
    ],
  );
});

test("forwardedEdits() removes names that a CGI upstream takes for the same", () => {
  const lines = forwarded(
    "X_Forwarded_For: 1\r\nx-forwarded_for: 2\r\nX_FORWARDED-PROTO: 3\r\nX_Forwarded_Host: 4\r\nX_Other: 5\r\n",
    VISITOR,
  );
  assert.deepEqual(lines.slice(0, 2), [
    "X_Other: 5",
    "X-Forwarded-For: 203.0.113.9",
  ]);
  assert.equal(lines.length, 4);
});

test("forwardedEdits() writes IPv4 as IPv4 and IPv6 without brackets", () => {
  for (
    const [ip, want] of [["::ffff:192.0.2.1", "192.0.2.1"], [
      "2001:db8::1",
      "2001:db8::1",
    ]]
  ) {
    assert.equal(
      forwarded("", { ...VISITOR, clientIp: ip })[0],
      `X-Forwarded-For: ${want}`,
    );
  }
});

test("forwardedEdits() works for HTTP/1.0 without Host", () => {
  const head = parseRequestHead(
    new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"),
  );
  const edited = new TextDecoder().decode(
    editHead(head, forwardedEdits(head, VISITOR)),
  );
  assert.match(edited, /X-Forwarded-Host: \r\n/);
});
