import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../../lib/base/bytes.ts";
import { type Duplex, pair } from "../../../lib/base/duplex.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import {
  BodyError,
  type BodyFraming,
  copyBody,
  requestFraming,
  responseFraming,
} from "../../../lib/http/body.ts";
import { HttpError } from "../../../lib/http/fault.ts";
import { parseRequestHead, parseResponseHead } from "../../../lib/http/head.ts";
import { test } from "../../harness.ts";
import refusedChunks from "../../vectors/http/refused_chunks.json" with {
  type: "json",
};

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

async function rest(stream: Duplex): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = await stream.read();
    if (chunk === undefined) return textOf(concat(chunks));
    chunks.push(chunk);
  }
}

const CHUNKED: BodyFraming = { kind: "chunked" };
const BODY = '3;x="y"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nT: u\r\n\r\n';

test("requestFraming() is chunked, a length, or none", () => {
  const table: [string, BodyFraming][] = [
    ["", { kind: "none" }],
    ["Content-Length: 0\r\n", { kind: "none" }],
    ["Content-Length: 9\r\n", { kind: "length", bytes: 9 }],
    ["Transfer-Encoding: Chunked\r\n", CHUNKED],
  ];
  for (const [headers, framing] of table) {
    const text = `POST / HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;
    assert.deepEqual(requestFraming(parseRequestHead(bytesOf(text))), framing);
  }
});

test("responseFraming() follows RFC 9112 section 6.3", () => {
  const length = "Content-Length: 9\r\n";
  const chunked = "Transfer-Encoding: chunked\r\n";
  const table: [string, number, string, BodyFraming][] = [
    ["GET", 200, length, { kind: "length", bytes: 9 }],
    ["GET", 200, "Content-Length: 0\r\n", { kind: "none" }],
    ["GET", 200, chunked, CHUNKED],
    ["GET", 200, "", { kind: "until_close" }],
    ["POST", 404, "", { kind: "until_close" }],
    ["HEAD", 200, length, { kind: "none" }],
    ["HEAD", 200, chunked, { kind: "none" }],
    ["HEAD", 200, "", { kind: "none" }],
    ["head", 200, "", { kind: "until_close" }],
    ["GET", 204, "Content-Length: 0\r\n", { kind: "none" }],
    ["GET", 204, chunked, { kind: "none" }],
    ["GET", 304, length, { kind: "none" }],
    ["GET", 304, "", { kind: "none" }],
    ["GET", 100, "", { kind: "none" }],
    ["GET", 103, "", { kind: "none" }],
    ["GET", 101, "Upgrade: x\r\n", { kind: "none" }],
    ["CONNECT", 200, length, { kind: "none" }],
    ["CONNECT", 407, length, { kind: "length", bytes: 9 }],
    ["GET", 205, "", { kind: "until_close" }],
  ];
  for (const [method, status, headers, framing] of table) {
    const head = parseResponseHead(
      bytesOf(`HTTP/1.1 ${status} X\r\n${headers}\r\n`),
    );
    assert.deepEqual(
      responseFraming(head, method),
      framing,
      `${method} ${status} ${headers}`,
    );
  }
});

test("copyBody() moves nothing when there is no body", async () => {
  const [visitor, front] = pair();
  const [back, upstream] = pair();
  void visitor.write(bytesOf("GET"));
  visitor.closeWrite();
  assert.deepEqual(await copyBody(front, back, { kind: "none" }), {
    wireBytes: 0,
    payloadBytes: 0,
  });
  back.closeWrite();
  assert.equal(await rest(upstream), "");
  assert.equal(await rest(front), "GET");
});

test("copyBody() stops at the end of the body for every framing and every cut", async () => {
  const cases: [BodyFraming, string, string, number][] = [
    [{ kind: "length", bytes: 11 }, "hello world", "GET / HTTP/1.1", 11],
    [CHUNKED, BODY, "GET / HTTP/1.1", 13],
    [{ kind: "until_close" }, "to the end", "", 10],
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...cases),
      fc.array(fc.nat(60), { maxLength: 6 }),
      async ([framing, body, surplus, payloadBytes], cuts) => {
        const [visitor, front] = pair();
        const [back, upstream] = pair();
        const sent = body + surplus;
        const at = [
          0,
          ...cuts.map((cut) => Math.min(cut, sent.length)).sort((a, b) => a - b),
          sent.length,
        ];
        for (let index = 1; index < at.length; index++) {
          void visitor.write(bytesOf(sent.slice(at[index - 1], at[index])));
        }
        visitor.closeWrite();
        const seen: Uint8Array[] = [];
        const result = await copyBody(front, back, framing, {
          onBytes: (bytes) => seen.push(bytes),
        });
        assert.deepEqual(result, { wireBytes: body.length, payloadBytes });
        assert.equal(textOf(concat(seen)), body);
        back.closeWrite();
        assert.equal(await rest(upstream), body);
        assert.equal(await rest(front), surplus);
      },
    ),
  );
});

test("copyBody() passes each piece on at once, in one write", async () => {
  const [visitor, front] = pair();
  const [back, upstream] = pair();
  const copying = copyBody(front, back, CHUNKED);
  for (
    const event of ["6\r\ndata:1\r\n", "7\r\n", "data:2!\r", "\n0\r\n", "\r\n"]
  ) {
    void visitor.write(bytesOf(event));
    // Without this read the next piece is not sent, so nothing can have been held back.
    assert.equal(textOf((await upstream.read())!), event);
  }
  assert.deepEqual(await copying, { wireBytes: 28, payloadBytes: 13 });
});

test("copyBody() sends many small chunks of one read in one write", async () => {
  const [visitor, front] = pair();
  const [back, upstream] = pair();
  const body = "1\r\nx\r\n".repeat(1000) + "0\r\n\r\n";
  void visitor.write(bytesOf(body + "next"));
  await copyBody(front, back, CHUNKED);
  assert.equal(textOf((await upstream.read())!), body);
});

test("copyBody() stops reading while the sink is full", async () => {
  const [visitor, front] = pair({ highWaterBytes: 1 });
  const [back, upstream] = pair({ highWaterBytes: 1 });
  const copying = copyBody(front, back, { kind: "length", bytes: 8 });
  let sent = 0;
  const sending = (async () => {
    for (; sent < 8; sent++) await visitor.write(bytesOf("x"));
  })();
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  assert.ok(sent <= 3, `${sent} bytes were taken with nobody reading`);
  let got = 0;
  while (got < 8) got += (await upstream.read())!.length;
  await sending;
  assert.equal((await copying).wireBytes, 8);
});

test("copyBody() reports a body that ends too early, and what is missing", async () => {
  const cases: [BodyFraming, string, RegExp][] = [
    [{ kind: "length", bytes: 8 }, "12345", /3 of 8 bytes before its end/],
    [CHUNKED, "5\r\nhello\r\n", /after 10 bytes, before the last chunk/],
    [CHUNKED, "5\r\nhello\r\n0\r\n", /before the last chunk/],
    [CHUNKED, "", /after 0 bytes/],
  ];
  for (const [framing, text, message] of cases) {
    const [visitor, front] = pair();
    const [back, upstream] = pair();
    void visitor.write(bytesOf(text));
    visitor.closeWrite();
    await assert.rejects(
      copyBody(front, back, framing, { subject: "response" }),
      (error) => {
        assert.ok(error instanceof BodyError);
        assert.equal(error.code, "connection_closed");
        assert.equal(error.side, "source");
        assert.match(error.message, /HTTP response/);
        assert.match(error.message, message);
        return true;
      },
    );
    back.closeWrite();
    assert.equal(
      await rest(upstream),
      text,
      "what came before the cut is passed on",
    );
  }
});

test("copyBody() says which side failed", async () => {
  const [visitor, front] = pair();
  const [back, upstream] = pair();
  const reading = copyBody(front, back, { kind: "until_close" });
  visitor.abort();
  await assert.rejects(
    reading,
    (error) =>
      error instanceof BodyError && error.side === "source" &&
      error.code === "connection_reset",
  );

  const [visitor2, front2] = pair();
  upstream.abort();
  void visitor2.write(bytesOf("x"));
  await assert.rejects(
    copyBody(front2, back, { kind: "until_close" }),
    (error) =>
      error instanceof BodyError && error.side === "sink" &&
      error.cause instanceof TunnelError,
  );
});

test("copyBody() gives the body to who takes it for good, and the source keeps what follows it", async () => {
  const [visitor, front] = pair();
  const [back] = pair();
  const given: number[] = [];
  back.give = (chunk) => void given.push(chunk.length);
  void visitor.write(bytesOf("x".repeat(20)));
  void visitor.write(bytesOf("xxGET"));
  let seen = 0;
  const moved = await copyBody(front, back, { kind: "length", bytes: 22 }, {
    onBytes: ({ length }) => seen += length,
  });
  assert.deepEqual([given, seen, moved.wireBytes], [[20, 2], 22, 22]);
  assert.deepEqual(await front.read(), bytesOf("GET"));
});

for (const { name, bytes, fault } of refusedChunks) {
  test(`copyBody() refuses ${name}, and never sends it`, async () => {
    const before = "2\r\nok\r\n";
    const [visitor, front] = pair();
    const [back, upstream] = pair();
    void visitor.write(bytesOf(before));
    void visitor.write(bytesOf(bytes));
    await assert.rejects(
      copyBody(front, back, CHUNKED),
      (error) => error instanceof HttpError && error.fault === fault,
    );
    back.closeWrite();
    assert.equal(await rest(upstream), before);
    visitor.abort();
  });
}
