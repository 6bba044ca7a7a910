import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "../../harness.ts";
import { bytes, plain, rig, text } from "./kit.ts";

const GET = "GET /a?b=1 HTTP/1.1\r\nHost: web.example.com\r\nX-ODD:  Case\r\nx-odd: 2\r\n\r\n";
const POST = "POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED = "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n" +
  "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nSum: 7\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nX-Up: 1\r\n\r\nhi";
const EMPTY = "HTTP/1.1 204 No Content\r\n\r\n";

test("HttpTap makes an exchange of a request and its answer, byte for byte", async () => {
  const { tap, store, clock } = rig();
  tap.fromVisitor(bytes(GET));
  const [exchange] = store.list();
  assert.match(exchange.id, /^airt_[0-9A-Za-z]{27}$/);
  assert.equal(exchange.startedAtMs, 1_000_000);
  assert.equal(exchange.response, undefined);
  await clock.advance(7);
  tap.fromService(bytes(OK.slice(0, -1)));
  assert.equal(exchange.state, "open");
  await clock.advance(3);
  tap.fromService(bytes("i"));
  assert.deepEqual(exchange.timing, { requestMs: 0, firstByteMs: 7, durationMs: 10 });
  assert.deepEqual(plain(exchange), {
    state: "complete",
    error: undefined,
    request: {
      line: "GET /a?b=1 1.1",
      head: GET,
      headers: [["Host", "web.example.com"], ["X-ODD", "Case"], ["x-odd", "2"]],
      trailers: [],
      body: "",
    },
    response: {
      status: 200,
      head: OK.slice(0, -2),
      headers: [["content-length", "2"], ["X-Up", "1"]],
      trailers: [],
      body: "hi",
    },
    messages: [],
  });
});

test("HttpTap sees the same in any cut of the bytes: bodies, chunks, trailers, pipelines", () => {
  const asked = GET + POST + CHUNKED + GET.replace("GET", "HEAD") + GET;
  const answered = "HTTP/1.1 100 Continue\r\n\r\n" + OK + EMPTY +
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n\r\n" +
    "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + "HTTP/1.0 200 \r\n\r\nuntil the end";
  const whole = run([asked], [answered]);
  assert.deepEqual(whole.map(({ response }) => response?.body), [
    "until the end",
    "",
    "ok",
    "",
    "hi",
  ]);
  assert.deepEqual(whole[2].request.trailers, [["Sum", "7"]]);
  assert.deepEqual(whole[2].response?.trailers, [["A", "b"]]);
  assert.equal(whole[2].request.body, "abcdefg");
  assert.equal(whole[3].request.body, "hello");
  assert.ok(whole.every(({ state }) => state === "complete"));
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
    fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
    (ask, answer) => assert.deepEqual(run(cut(asked, ask), cut(answered, answer)), whole),
  ));
});

function run(asked: readonly string[], answered: readonly string[]) {
  const { tap, store } = rig();
  for (const piece of asked) tap.fromVisitor(bytes(piece));
  for (const piece of answered) tap.fromService(bytes(piece));
  tap.serviceEnded();
  tap.visitorEnded();
  tap.close(undefined);
  return store.list().map(plain);
}

function cut(whole: string, sizes: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let at = 0, turn = 0; at < whole.length; turn++) {
    const size = sizes[turn % sizes.length];
    pieces.push(whole.slice(at, at + size));
    at += size;
  }
  return pieces;
}

test("HttpTap keeps the beginning of a body, and how long it was", () => {
  const { tap, store } = rig({ maxBodyBytes: 4 });
  tap.fromVisitor(bytes(POST));
  const { body } = store.list()[0].request;
  assert.deepEqual([text(body.bytes), body.totalBytes, body.isTruncated], ["hell", 5, true]);
});

test("HttpTap holds on to no chunk of the tunnel: what is overwritten later was copied", () => {
  const { tap, store } = rig();
  const chunk = bytes(POST);
  tap.fromVisitor(chunk);
  chunk.fill(0);
  assert.equal(plain(store.list()[0]).request.body, "hello");
  assert.ok(plain(store.list()[0]).request.head.startsWith("POST /form"));
});

test("HttpTap finds the events of an event stream as they come", async () => {
  const { tap, store, clock } = rig({ maxPreviewBytes: 8 });
  tap.fromVisitor(bytes(GET));
  tap.fromService(bytes("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"));
  await clock.advance(5);
  tap.fromService(bytes("event: tick\r\nid: 7\r\ndata: one\r\n\r"));
  tap.fromService(bytes("\n: comment\ndata: two\ndata:three four\n\ndata: not complete"));
  const [exchange] = store.list();
  assert.deepEqual(plain(exchange).messages, [
    {
      kind: "sse",
      from: "service",
      atMs: 5,
      sizeBytes: 3,
      isTruncated: false,
      eventName: "tick",
      eventId: "7",
      text: "one",
    },
    {
      kind: "sse",
      from: "service",
      atMs: 5,
      sizeBytes: 14,
      isTruncated: true,
      eventId: "7",
      text: "two\nthre",
    },
  ]);
  tap.serviceEnded();
  assert.equal(exchange.state, "complete");
  assert.equal(exchange.messages.length, 2);
});

test("HttpTap says what cut an exchange", () => {
  for (
    const [act, error] of [
      [(tap) => tap.close("reset"), "reset"],
      [(tap) => tap.serviceEnded(), "The service ended the connection before its answer"],
      [(tap) => tap.close(undefined), "The connection ended"],
      [(tap) => tap.fromService(bytes("SSH-2.0-x\r\n\r\n")), /^It cannot be followed: /],
    ] as [(tap: ReturnType<typeof rig>["tap"]) => void, string | RegExp][]
  ) {
    const { tap, store } = rig();
    tap.fromVisitor(bytes(GET));
    act(tap);
    const [exchange] = store.list();
    assert.equal(exchange.state, "cut");
    if (typeof error === "string") assert.equal(exchange.error, error);
    else assert.match(exchange.error!, error);
    assert.equal(typeof exchange.timing.durationMs, "number");
  }
});

test("HttpTap reads on behind an upgrade that was refused, early bytes included", () => {
  const { tap, store } = rig();
  const upgrade = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: thing\r\n\r\n";
  tap.fromVisitor(bytes(upgrade + GET));
  assert.equal(store.count, 1);
  tap.fromService(bytes(OK));
  assert.equal(store.count, 2);
  tap.fromService(bytes(OK));
  assert.deepEqual(store.list().map(({ state }) => state), ["complete", "complete"]);
});

test("HttpTap never throws and never grows, whatever passes", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.nat(3), fc.uint8Array({ maxLength: 200 }))),
    fc.boolean(),
    (steps, isBegun) => {
      const { tap, store } = rig();
      if (isBegun) tap.fromVisitor(bytes(POST));
      for (const [what, chunk] of steps) {
        if (what === 0) tap.fromVisitor(chunk);
        else if (what === 1) tap.fromService(chunk);
        else if (what === 2) tap.visitorEnded();
        else tap.serviceEnded();
      }
      tap.close(undefined);
      assert.ok(store.list({ limit: 1_000 }).every(({ state }) => state !== "open"));
    },
  ));
});

test("HttpTap reads on behind a PROXY header, in any cut, and without one", () => {
  const v1 = "PROXY TCP4 192.0.2.1 192.0.2.2 5 80\r\n";
  const v2 = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc0\0\x02\x02\0\x05\0\x50";
  for (const header of [v1, v2, "", "PRO"]) {
    const asked = header === "PRO" ? GET.replace("GET", "PROPFIND") : header + GET;
    for (const size of [1, 7, 1_000]) {
      const { store, tap } = rig({}, { afterProxyHeader: true });
      for (const piece of cut(asked, [size])) tap.fromVisitor(bytes(piece));
      tap.fromService(bytes(EMPTY));
      assert.deepEqual(store.list().map(({ state, request }) => [state, request.target]), [
        ["complete", "/a?b=1"],
      ]);
    }
  }
});
