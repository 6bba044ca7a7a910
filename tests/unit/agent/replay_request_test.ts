import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type ReplayEdits,
  requestBytes,
  requestFields,
  requestParts,
} from "../../../lib/agent/replay_request.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { DEFAULT_CAPTURE_LIMITS } from "../../../lib/inspect/capture.ts";
import type { CapturedRequest, Exchange } from "../../../lib/inspect/exchange.ts";
import { ExchangeStore } from "../../../lib/inspect/exchange_store.ts";
import { HttpTap } from "../../../lib/inspect/http_tap.ts";
import { test } from "../../harness.ts";

const POST = "POST /a?b=1 HTTP/1.1\r\nhOST:  a.test\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
  "5\r\nhello\r\n0\r\nSum: 1\r\n\r\n";

const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const text = (of: Uint8Array) => String.fromCharCode(...of);

/** What the inspector keeps of these bytes. */
function watched(request: Uint8Array): Exchange[] {
  const store = new ExchangeStore();
  const origin = { endpointName: "web", endpointUrl: "https://a.test", clientAddr: "192.0.2.1:5" };
  const clock = new FakeClock(1_000);
  new HttpTap({ store, clock, limits: DEFAULT_CAPTURE_LIMITS, origin }).fromVisitor(request);
  return store.list();
}

function captured(request: string): CapturedRequest {
  return watched(bytes(request))[0].request;
}

function written(request: CapturedRequest, edits: ReplayEdits): Uint8Array {
  return requestBytes(requestParts(request, edits));
}

test("requestBytes() writes edits, and puts the length right", () => {
  const request = captured(POST);
  const chunked = captured(CHUNKED);
  for (
    const [of, edits, expected] of [
      [request, { method: "PATCH", target: "/z" }, POST.replace("POST /a?b=1", "PATCH /z")],
      [
        request,
        { body: bytes("longer text") },
        "POST /a?b=1 HTTP/1.1\r\nhOST: a.test\r\nContent-Length: 11\r\n\r\nlonger text",
      ],
      [
        request,
        { headers: [["Host", "b"], ["X", "1"], ["x", "2"]] },
        "POST /a?b=1 HTTP/1.1\r\nHost: b\r\nX: 1\r\nx: 2\r\nContent-Length: 5\r\n\r\nhello",
      ],
      [
        request,
        { trailers: [["Sum", "1"]] },
        "POST /a?b=1 HTTP/1.1\r\nhOST: a.test\r\nTransfer-Encoding: chunked\r\n\r\n" +
        "5\r\nhello\r\n0\r\nSum: 1\r\n\r\n",
      ],
      [
        chunked,
        { body: bytes(""), trailers: [] },
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ],
    ] as const
  ) {
    assert.equal(text(written(of, edits)), expected);
  }
});

test("requestBytes() refuses what would be another request than it looks", () => {
  const request = captured(POST);
  for (
    const [edits, found] of [
      [{ method: "GET /" }, /is no method/],
      [{ target: "/ HTTP/1.1\r\nX: y" }, /is no request target/],
      [{ target: "" }, /is no request target/],
      [{ headers: [["A b", "c"]] }, /not a header name/],
      [{ headers: [["A", "b\r\nC: d"]] }, /control character/],
      [{ trailers: [["A", "b\r\nC: d"]] }, /control character/],
    ] as [ReplayEdits, RegExp][]
  ) {
    assert.throws(() => written(request, edits), (error: Error & { code?: string }) => {
      assert.equal(error.code, "http_invalid");
      assert.match(error.message, found);
      return true;
    });
  }
  const upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  assert.throws(() => written(captured(upgrade), {}), /another protocol/);
  const body = { bytes: bytes("he"), totalBytes: 5, isTruncated: true };
  const cut = { ...request, headers: request.headers, body };
  assert.throws(() => written(cut, {}), /only 2 of the 5 bytes/);
});

test("requestBytes() always writes one request that reads as what was asked for", () => {
  const request = captured(POST);
  fc.assert(fc.property(
    fc.string({ unit: "binary-ascii" }),
    fc.string({ unit: "binary-ascii" }),
    fc.uint8Array(),
    (name, value, body) => {
      let sent;
      try {
        sent = written(request, { headers: [["Host", "a"], [name, value]], body });
      } catch {
        return;
      }
      const kept = watched(sent);
      assert.ok(kept.length <= 1);
      if (kept[0] && !/^(transfer-encoding|content-length|connection)$/i.test(name)) {
        assert.deepEqual(kept[0].request.body.bytes, body);
      }
    },
  ));
});

/** As it is kept of HTTP/2. */
function ofHttp2(request: CapturedRequest, ...more: [string, string][]): CapturedRequest {
  return { ...request, version: "2", headers: [["host", "a.test"], ...more] };
}

test("requestBytes() writes a request of HTTP/2 for a service that speaks HTTP/1.1", () => {
  const request = ofHttp2(
    captured(POST),
    ...[["cookie", "a=1"], ["x-y", "z"], ["cookie", "b=2"]] as [string, string][],
  );
  assert.equal(
    text(written(request, {})),
    "POST /a?b=1 HTTP/1.1\r\nhost: a.test\r\nx-y: z\r\ncookie: a=1; b=2\r\n" +
      "Content-Length: 5\r\n\r\nhello",
  );
  assert.throws(() => written({ ...request, method: "CONNECT" }, {}), /another protocol/);
});

test("requestFields() makes either kind of request one of HTTP/2, its length put right", () => {
  const fields = (request: CapturedRequest, edits: ReplayEdits, scheme: "http" | "https") => {
    const made = requestFields(requestParts(request, edits), scheme);
    return [made.fields, text(made.body), made.trailers];
  };
  const pseudo = [[":method", "POST"], [":scheme", "https"]];
  assert.deepEqual(fields(captured(POST), { body: bytes("hi") }, "https"), [
    [...pseudo, [":authority", "a.test"], [":path", "/a?b=1"], ["content-length", "2"]],
    ...["hi", []],
  ]);
  const grpc = ofHttp2(captured(POST), ["te", "trailers"], ["content-type", "application/grpc"]);
  assert.deepEqual(fields(grpc, { trailers: [["Sum", "1"]], target: "/s/M" }, "http"), [
    [
      ...[[":method", "POST"], [":scheme", "http"], [":authority", "a.test"], [":path", "/s/M"]],
      ...[["te", "trailers"], ["content-type", "application/grpc"]],
    ],
    ...["hello", [["sum", "1"]]],
  ]);
  assert.throws(
    () => fields(grpc, { trailers: [["a", "b\r\nc: d"]] }, "http"),
    { code: "http_invalid" },
  );
  // What HTTP/1.1 forbids is not sent by way of HTTP/2 either.
  assert.throws(
    () => fields(grpc, { headers: [["host", "a"], ["host", "b"]] }, "http"),
    { code: "http_invalid" },
  );
});
