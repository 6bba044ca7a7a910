import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../../lib/base/bytes.ts";
import { type Chunk, type Duplex, pair, RawDuplex } from "../../../lib/base/duplex.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { HttpError } from "../../../lib/http/fault.ts";
import {
  type HttpHead,
  parseRequestHead,
  parseResponseHead,
  readRequestHead,
  readResponseHead,
} from "../../../lib/http/head.ts";
import { test } from "../../harness.ts";
import acceptedRequests from "../../vectors/http/accepted_requests.json" with {
  type: "json",
};
import acceptedResponses from "../../vectors/http/accepted_responses.json" with {
  type: "json",
};
import refusedRequests from "../../vectors/http/refused_requests.json" with {
  type: "json",
};
import refusedResponses from "../../vectors/http/refused_responses.json" with {
  type: "json",
};

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** A stream that gives these bytes in pieces of `size`, then ends. */
class Drip extends RawDuplex {
  readonly closed = Promise.resolve();
  readonly #bytes: Uint8Array;
  readonly #size: number;
  at = 0;

  constructor(bytes: Uint8Array, size: number) {
    super();
    this.#bytes = bytes;
    this.#size = size;
  }

  protected readRaw(): Chunk {
    const from = this.at;
    this.at = Math.min(this.#bytes.length, from + this.#size);
    return this.at > from ? this.#bytes.slice(from, this.at) : undefined;
  }

  write(): void {}
  closeWrite(): void {}
  abort(): void {}
}

function drip(bytes: Uint8Array, size: number): Duplex {
  return new Drip(bytes, size);
}

async function rest(stream: Duplex): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = await stream.read();
    if (chunk === undefined) return textOf(concat(chunks));
    chunks.push(chunk);
  }
}

function faultOf(run: () => unknown): HttpError {
  try {
    run();
  } catch (thrown) {
    assert.ok(thrown instanceof HttpError, `not an HttpError: ${thrown}`);
    return thrown;
  }
  assert.fail("it was accepted");
}

async function faultOfRead(work: Promise<unknown>): Promise<HttpError> {
  const result = await work.then(() => undefined, (thrown: unknown) => thrown);
  assert.ok(result instanceof HttpError, `not an HttpError: ${result}`);
  return result;
}

/** The head written again from its parts: what a forwarder that knows nothing else would send. */
function print(head: HttpHead): string {
  let text = head.startLine + "\r\n";
  for (let index = 0; index < head.count; index++) {
    text += textOf(
      head.bytes.subarray(head.lineStart(index), head.lineStart(index + 1)),
    );
  }
  return text + "\r\n";
}

for (const { name, bytes, fault } of refusedRequests) {
  test(`parseRequestHead() refuses ${name}`, async () => {
    const error = faultOf(() => parseRequestHead(bytesOf(bytes)));
    assert.equal(error.fault, fault, error.message);
    assert.equal(error.code, "http_invalid");
    assert.ok(error.status >= 400 && error.status <= 505);
    // deno-lint-ignore no-control-regex -- the message goes to logs and terminals
    assert.doesNotMatch(error.message, /[\x00-\x1f\x7f-\x9f]/);

    // However it arrives, and without waiting for anything behind it.
    for (const size of [1, 7, bytes.length]) {
      const [far, near] = pair();
      for (let at = 0; at < bytes.length; at += size) {
        void far.write(bytesOf(bytes).slice(at, at + size));
      }
      assert.equal((await faultOfRead(readRequestHead(near))).fault, fault);
      far.abort();
    }
  });
}

for (const { name, bytes, fault } of refusedResponses) {
  test(`parseResponseHead() refuses ${name}`, async () => {
    const error = faultOf(() => parseResponseHead(bytesOf(bytes)));
    assert.equal(error.fault, fault, error.message);
    assert.equal(error.status, 502);
    assert.equal(error.ngrokCode, 3004);
    const dripped = await faultOfRead(
      readResponseHead(drip(bytesOf(bytes), 1)),
    );
    assert.equal(dripped.fault, fault);
  });
}

for (const want of acceptedRequests) {
  test(`readRequestHead() reads ${want.name}`, async () => {
    for (const size of [1, 2, 3, 1000]) {
      const stream = drip(bytesOf(want.bytes + "surplus"), size);
      const head = await readRequestHead(stream);
      assert.ok(head);
      assert.equal(head.method, want.method);
      assert.equal(head.target, want.target);
      assert.equal(head.version, want.version);
      assert.equal(head.host, want.host);
      assert.equal(
        head.hostHeader,
        want.headers.find(([name]) => /^host$/i.test(name))?.[1],
      );
      assert.equal(head.path, want.path);
      assert.equal(head.query, "query" in want ? want.query : undefined);
      assert.equal(head.scheme, "scheme" in want ? want.scheme : undefined);
      assert.equal(
        head.contentLength,
        "contentLength" in want ? want.contentLength : undefined,
      );
      assert.equal(head.chunked, "chunked" in want);
      assert.deepEqual([...head], want.headers);
      assert.equal(head.count, want.headers.length);
      const sent = want.bytes.startsWith("\r\n") ? want.bytes.slice(2) : want.bytes;
      assert.equal(textOf(head.bytes), sent);
      assert.equal(print(head), sent);
      assert.equal(await rest(stream), "surplus");
    }
  });
}

for (const want of acceptedResponses) {
  test(`readResponseHead() reads ${want.name}`, async () => {
    for (const size of [1, 1000]) {
      const stream = drip(bytesOf(want.bytes + "surplus"), size);
      const head = await readResponseHead(stream);
      assert.ok(head);
      assert.equal(head.status, want.status);
      assert.equal(head.reason, want.reason);
      assert.equal(head.version, want.version);
      assert.deepEqual([...head], want.headers);
      assert.equal(textOf(head.bytes), want.bytes);
      assert.equal(print(head), want.bytes);
      assert.equal(await rest(stream), "surplus");
    }
  });
}

test("HttpHead finds headers in any case, first, all, and none", () => {
  const head = parseRequestHead(
    bytesOf("GET / HTTP/1.1\r\nHost: a\r\nX-Y: 1\r\nx-y: 2\r\nX-Yz: 3\r\n\r\n"),
  );
  assert.equal(head.get("X-Y"), "1");
  assert.equal(head.get("x-Y"), "1");
  assert.deepEqual(head.all("x-y"), ["1", "2"]);
  assert.deepEqual(head.all("z"), []);
  assert.equal(head.get("z"), undefined);
  assert.equal(head.get(""), undefined);
  assert.equal(head.has("HOST"), true);
  assert.equal(head.has("x_y"), false);
  assert.equal(head.get("\u0178-y"), undefined);
  assert.equal(head.nameAt(1), "X-Y");
  assert.equal(head.valueAt(3), "3");
  assert.equal(head.startLine, "GET / HTTP/1.1");
});

test("HttpHead.connectionIs() needs one header and one option", () => {
  const one = parseRequestHead(
    bytesOf("GET / HTTP/1.1\r\nHost: a\r\nConnection:  CLOSE \r\n\r\n"),
  );
  assert.equal(one.connectionIs("close"), true);
  assert.equal(one.connectionIs("keep-alive"), false);
  assert.equal(one.hasConnection, true);
  const two = parseRequestHead(
    bytesOf(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: x\r\n\r\n",
    ),
  );
  assert.equal(two.connectionIs("close"), false);
  const none = parseRequestHead(bytesOf("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  assert.equal(none.connectionIs("close"), false);
  assert.equal(none.hasConnection, false);
});

test("RequestHead.expectsContinue is true for HTTP/1.1 alone", () => {
  const text = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n";
  assert.equal(parseRequestHead(bytesOf(text)).expectsContinue, true);
  assert.equal(
    parseRequestHead(bytesOf(text.replace("1.1", "1.0"))).expectsContinue,
    false,
  );
  assert.equal(
    parseRequestHead(bytesOf(text.replace("100-", "200-"))).expectsContinue,
    false,
  );
});

test("ResponseHead.interim is true for 1xx but not for 101", () => {
  const statuses = [100, 101, 103, 199, 200, 304];
  assert.deepEqual(
    statuses.map((status) => parseResponseHead(bytesOf(`HTTP/1.1 ${status}\r\n\r\n`)).interim),
    [true, false, true, true, false, false],
  );
});

test("parseRequestHead() refuses bytes behind the head and a head without end", () => {
  const text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  assert.equal(
    faultOf(() => parseRequestHead(bytesOf(text + "x"))).fault,
    "head_end",
  );
  assert.equal(
    faultOf(() => parseRequestHead(bytesOf(text.slice(0, -1)))).fault,
    "head_end",
  );
  assert.equal(
    faultOf(() => parseRequestHead(new Uint8Array())).fault,
    "head_end",
  );
});

test("readRequestHead() reads pipelined requests one by one", async () => {
  const one = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const size of [1, 5, 1000]) {
    const stream = drip(
      bytesOf(one + one.replace("1", "2") + "\r\n" + one.replace("1", "3")),
      size,
    );
    for (const path of ["/1", "/2", "/3"]) {
      assert.equal((await readRequestHead(stream))?.path, path);
    }
    assert.equal(await readRequestHead(stream), undefined);
  }
});

test("readRequestHead() gives undefined at a clean end, connection_closed within a head", async () => {
  assert.equal(await readRequestHead(drip(bytesOf(""), 1)), undefined);
  assert.equal(await readRequestHead(drip(bytesOf("\r\n"), 1)), undefined);
  assert.equal(await readResponseHead(drip(bytesOf(""), 1)), undefined);
  for (const text of ["G", "GET / HTTP/1.1\r\nHost: a\r\n\r"]) {
    await assert.rejects(
      readRequestHead(drip(bytesOf(text), 1)),
      (error) => error instanceof TunnelError && error.code === "connection_closed",
    );
  }
});

test("readRequestHead() passes on what broke the connection", async () => {
  const [far, near] = pair();
  void far.write(bytesOf("GET / HT"));
  const reading = readRequestHead(near);
  await Promise.resolve();
  far.abort();
  await assert.rejects(
    reading,
    (error) => (error as TunnelError).code === "connection_reset",
  );
});

test("readRequestHead() takes a head of exactly the limit and refuses one byte more", async () => {
  const text = "GET / HTTP/1.1\r\nHost: a\r\nX: " + "y".repeat(70) + "\r\n\r\n";
  for (const size of [1, 1000]) {
    const stream = drip(bytesOf(text + "surplus"), size);
    assert.ok(await readRequestHead(stream, { maxBytes: text.length }));
    const tight = readRequestHead(drip(bytesOf(text), size), {
      maxBytes: text.length - 1,
    });
    const error = await faultOfRead(tight);
    assert.deepEqual([error.fault, error.code, error.status], [
      "head_too_large",
      "http_too_large",
      431,
    ]);
  }
  const long = await faultOfRead(
    readRequestHead(drip(bytesOf(text), 1), { maxBytes: 10 }),
  );
  assert.deepEqual([long.fault, long.status], ["target_too_long", 414]);
  assert.equal(
    faultOf(() => parseRequestHead(bytesOf(text), { maxBytes: 60 })).fault,
    "head_too_large",
  );
});

test("readRequestHead() reads no more than the limit of a head that never ends", async () => {
  const endless = new Drip(
    bytesOf("GET / HTTP/1.1\r\nX: " + "y".repeat(4_000_000)),
    65_536,
  );
  assert.equal(
    (await faultOfRead(readRequestHead(endless))).fault,
    "head_too_large",
  );
  assert.ok(endless.at <= 1_048_576 + 65_536);
});

test("readRequestHead() limits the number of headers", async () => {
  const text = "GET / HTTP/1.1\r\nHost: a\r\nB: c\r\nD: e\r\n\r\n";
  assert.ok(await readRequestHead(drip(bytesOf(text), 9), { maxHeaders: 3 }));
  const error = await faultOfRead(
    readRequestHead(drip(bytesOf(text), 9), { maxHeaders: 2 }),
  );
  assert.deepEqual([error.fault, error.status], ["too_many_headers", 431]);
});

test("readRequestHead() looks at a large head that comes in single bytes once", async () => {
  const text = "GET /" + "p".repeat(200_000) + " HTTP/1.1\r\nHost: a\r\nX: " +
    "y".repeat(200_000) +
    "\r\n\r\n";
  const head = await readRequestHead(drip(bytesOf(text), 1)); // quadratic work would take hours
  assert.equal(head?.bytes.length, text.length);
  assert.equal(head?.get("x")?.length, 200_000);
});

test("readRequestHead() does not keep a large receive buffer alive", async () => {
  const chunk = new Uint8Array(512 * 1024);
  chunk.set(
    bytesOf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n"),
  );
  const head = await readRequestHead(drip(chunk, chunk.length));
  assert.ok(head && head.bytes.buffer.byteLength < 1000);
});

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/);
const value = fc.stringMatching(
  /^([!-~\x80-\xff]([ \t!-~\x80-\xff]{0,40}[!-~\x80-\xff])?)?$/,
);
const space = fc.constantFrom("", " ", "  ", "\t", " \t");
const framing = /^(host|content-length|transfer-encoding)$/i;
const headerLines = fc.array(
  fc.record({
    name: token.filter((name) => !framing.test(name)),
    before: space,
    value,
    after: space,
  }),
  { maxLength: 12 },
);

test("parseRequestHead() gives back what was written, and print∘parse is the identity", () => {
  fc.assert(
    fc.property(
      token.filter((method) => method !== "CONNECT"),
      fc.stringMatching(/^\/[!"$-~]{0,40}$/),
      headerLines,
      fc.nat(11),
      (method, target, headers, hostAt) => {
        const lines = headers.map(({ name, before, value, after }) =>
          `${name}:${before}${value}${after}\r\n`
        );
        lines.splice(hostAt, 0, "Host: a.example\r\n");
        const text = `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`;
        const head = parseRequestHead(bytesOf(text));
        assert.equal(print(head), text);
        assert.equal(head.method, method);
        assert.equal(head.target, target);
        const want = headers.map(({ name, value }) => [name, value]);
        want.splice(hostAt, 0, ["Host", "a.example"]);
        assert.deepEqual([...head], want);
      },
    ),
  );
});

test("readRequestHead() gives the same for every chunking", async () => {
  const text = "POST /x?y HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nX: \xff\r\n\r\nabcGET";
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(text.length), { maxLength: 8 }),
      async (cuts) => {
        const [far, near] = pair();
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        for (let index = 1; index < at.length; index++) {
          void far.write(bytesOf(text.slice(at[index - 1], at[index])));
        }
        far.closeWrite();
        const head = await readRequestHead(near);
        assert.equal(head && textOf(head.bytes), text.slice(0, -6));
        assert.equal(await rest(near), "abcGET");
      },
    ),
  );
});

test("readRequestHead() of any bytes ends in a head, an HttpError or connection_closed", async () => {
  const pieces = fc.constantFrom(
    "GET",
    "POST",
    " ",
    "/",
    "HTTP/1.1",
    "HTTP/1.0",
    "\r\n",
    "\n",
    "\r",
    "Host",
    ":",
    "a.b",
    "Content-Length",
    "Transfer-Encoding",
    "chunked",
    "5",
    "\0",
    "\t",
    ",",
    "http://a.b",
    "\xff",
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(pieces, { maxLength: 30 }),
      fc.integer({ min: 1, max: 9 }),
      async (parts, size) => {
        const bytes = bytesOf(parts.join(""));
        const outcomes = await Promise.all(
          [size, 1, 1000].map((each) =>
            readRequestHead(drip(bytes, each)).then(
              (head) => head ? textOf(head.bytes) : "nothing",
              (error) => {
                assert.ok(error instanceof TunnelError, String(error));
                return error instanceof HttpError ? error.message : error.code;
              },
            )
          ),
        );
        assert.equal(outcomes[0], outcomes[1]);
        assert.equal(outcomes[0], outcomes[2]);
      },
    ),
    { numRuns: 500 },
  );
});
