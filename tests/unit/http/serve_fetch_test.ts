/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { FetchHandler } from "../../../lib/http/fetch_options.ts";
import {
  answerTo,
  DATE,
  fetchScene,
  type FetchSceneOptions,
  SAID,
  said,
} from "../../fakes/fetch_scene.ts";
import { latin1Bytes, latin1Text, settle } from "../../fakes/peer.ts";
import { test } from "../../harness.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const CLOSE = "Connection: close\r\n";
const OWN_TYPE = "Content-Type: text/plain; charset=utf-8\r\n";

/** A body without a type of its own, so that every runtime sends the same. */
function bytes(text: string): Uint8Array<ArrayBuffer> {
  return latin1Bytes(text) as Uint8Array<ArrayBuffer>;
}

/** The response to say what was asked. */
const echo: FetchHandler = async (request) => {
  const { pathname } = new URL(request.url);
  return said(`${request.method} ${pathname} ${await request.text()}`);
};

function get(target: string, headers = "", version = "1.1"): string {
  return `GET ${target} HTTP/${version}\r\nHost: a.test\r\n${headers}\r\n`;
}

function post(body: string, headers = ""): string {
  return `POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`;
}

/** Name, what the visitor sends, who answers, what it gets. The visitor then ends its side. */
const EXACT: [string, string, FetchHandler, string][] = [
  [
    "answers with the length of a body that is at hand",
    GET,
    () => said("hello"),
    `HTTP/1.1 200 OK\r\n${SAID}Content-Length: 5\r\n\r\nhello`,
  ],
  [
    "answers with 0 bytes when there is no body",
    GET,
    () => new Response(null, { status: 201, headers: { Location: "/x" } }),
    `HTTP/1.1 201 Created\r\nlocation: /x\r\n${DATE}Content-Length: 0\r\n\r\n`,
  ],
  [
    "answers with 0 bytes when the body is empty",
    GET,
    () => new Response(bytes("")),
    `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 0\r\n\r\n`,
  ],
  [
    "passes status text and header values on, byte for byte",
    GET,
    () => new Response(bytes("\xff\0"), { statusText: "Caf\xe9", headers: { "X-A": "\xe9\tb" } }),
    `HTTP/1.1 200 Caf\xe9\r\nx-a: \xe9\tb\r\n${DATE}Content-Length: 2\r\n\r\n\xff\0`,
  ],
  [
    "keeps the connection, request after request",
    get("/1") + post("abc") + get("/3"),
    echo,
    ["GET /1 ", "POST / abc", "GET /3 "].map((text) =>
      `HTTP/1.1 200 OK\r\n${SAID}Content-Length: ${text.length}\r\n\r\n${text}`
    ).join(""),
  ],
  [
    "closes when the visitor asks for it, and reads no further",
    get("/1", CLOSE) + get("/2"),
    echo,
    `HTTP/1.1 200 OK\r\n${SAID}Content-Length: 7\r\n${CLOSE}\r\nGET /1 `,
  ],
  [
    "closes when the handler asks for it",
    get("/1") + get("/2"),
    () => new Response(null, { headers: { Connection: "close", "Keep-Alive": "5" } }),
    `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 0\r\n${CLOSE}\r\n`,
  ],
  [
    "answers HEAD without a body, and with the length the handler knows",
    "HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n" + get("/2", CLOSE),
    () => {
      const response = said("hello");
      response.headers.set("Content-Length", "5");
      return response;
    },
    `HTTP/1.1 200 OK\r\n${SAID}Content-Length: 5\r\n\r\n` +
    `HTTP/1.1 200 OK\r\n${SAID}Content-Length: 5\r\n${CLOSE}\r\nhello`,
  ],
  [
    "makes no length up for HEAD",
    "HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n",
    () => said("hello"),
    `HTTP/1.1 200 OK\r\n${SAID}\r\n`,
  ],
  [
    "sends no body and no length with 204, and with 304 the length it stands for",
    get("/204") + get("/304") + get("/205"),
    (request) =>
      new Response(null, {
        status: Number(new URL(request.url).pathname.slice(1)),
        headers: { "Content-Length": "5" },
      }),
    `HTTP/1.1 204 No Content\r\n${DATE}\r\nHTTP/1.1 304 Not Modified\r\n${DATE}Content-Length: 5\r\n\r\n` +
    `HTTP/1.1 205 Reset Content\r\n${DATE}Content-Length: 0\r\n\r\n`,
  ],
  [
    "closes after HTTP/1.0, which does not ask to be kept",
    get("/1", "", "1.0") + get("/2"),
    echo,
    `HTTP/1.1 200 OK\r\n${SAID}Content-Length: 7\r\n${CLOSE}\r\nGET /1 `,
  ],
  [
    "keeps an HTTP/1.0 connection that asks for it",
    get("/1", "Connection: keep-alive\r\n", "1.0") + get("/2", "", "1.0"),
    echo,
    `HTTP/1.1 200 OK\r\n${SAID}Content-Length: 7\r\nConnection: keep-alive\r\n\r\nGET /1 ` +
    `HTTP/1.1 200 OK\r\n${SAID}Content-Length: 7\r\n${CLOSE}\r\nGET /2 `,
  ],
  [
    "answers OPTIONS * itself",
    "OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n" + GET,
    () => new Response(null),
    `HTTP/1.1 204 No Content\r\n${DATE}\r\nHTTP/1.1 200 OK\r\n${DATE}Content-Length: 0\r\n\r\n`,
  ],
  [
    "drops the body of a GET, which no Request can hold",
    "GET /1 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc" + get("/2"),
    echo,
    `HTTP/1.1 200 OK\r\n${SAID}Content-Length: 7\r\n\r\nGET /1 ` +
    `HTTP/1.1 200 OK\r\n${SAID}Content-Length: 7\r\n\r\nGET /2 `,
  ],
  [
    "drops a body that the handler did not read",
    post("abc") + post("de") + get("/3"),
    () => new Response(null),
    `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 0\r\n\r\n`.repeat(3),
  ],
  [
    "reads a chunked body",
    "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n" +
    "3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nT: u\r\n\r\n" + GET,
    echo,
    `HTTP/1.1 200 OK\r\n${SAID}Content-Length: 11\r\n\r\nPOST / abcd` +
    `HTTP/1.1 200 OK\r\n${SAID}Content-Length: 6\r\n\r\nGET / `,
  ],
  [
    "answers 500 without details when the handler throws, and goes on",
    post("abc") + "HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n",
    () => {
      throw new Error("secret");
    },
    `HTTP/1.1 500 Internal Server Error\r\n${OWN_TYPE}${DATE}Content-Length: 22\r\n\r\nInternal Server Error\n` +
    `HTTP/1.1 500 Internal Server Error\r\n${OWN_TYPE}${DATE}Content-Length: 22\r\n\r\n`,
  ],
  [
    "gives each Set-Cookie a line of its own",
    GET,
    () => {
      const headers = new Headers([["Set-Cookie", "a=b"], ["Set-Cookie", "c=d"]]);
      return new Response(null, { headers });
    },
    `HTTP/1.1 200 OK\r\nset-cookie: a=b\r\nset-cookie: c=d\r\n${DATE}Content-Length: 0\r\n\r\n`,
  ],
];

for (const [name, sent, handler, wanted] of EXACT) {
  test(`serveFetch() ${name}`, async () => {
    assert.equal(await answerTo(sent, handler), wanted);
    assert.equal(await answerTo([...sent], handler), wanted, "one byte at a time");
  });
}

test("serveFetch() says that text is text, on every runtime, and leaves other types alone", async () => {
  const type = /\r\ncontent-type: (.*)\r\n/;
  for (const text of ["<b>x</b>", "\u20ac", "x".repeat(20_000) + "\u20ac".repeat(20_000)]) {
    const answer = await answerTo(GET, () => new Response(text));
    assert.equal(type.exec(answer)?.[1], "text/plain;charset=UTF-8");
    assert.equal(answer.match(/content-type/g)!.length, 1);
  }
  const html = () => new Response("<b>x</b>", { headers: { "Content-Type": "text/html" } });
  assert.equal(type.exec(await answerTo(GET, html))?.[1], "text/html");
  for (const body of [bytes("\xff\0"), bytes("x".repeat(16_383) + "\xff"), null]) {
    assert.equal(type.exec(await answerTo(GET, () => new Response(body))), null);
  }
});

test("serveFetch() refuses what has two readings, tells which, and closes", async () => {
  const refused: [string, number][] = [
    ["GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: a.test\nX: y\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost : a.test\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: a.test\r\n folded\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: a.test\r\nX: a\0b\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: 1.2.3.999\r\n\r\n", 400],
    ["GET http://b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", 400],
    ["GET x HTTP/1.1\r\nHost: a.test\r\n\r\n", 400],
    [post("abc", "Transfer-Encoding: chunked\r\n"), 400],
    [post("abc", "Content-Length: 4\r\n"), 400],
    [post("abc", "Transfer-Encoding: xchunked\r\n"), 400],
    ["POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: +3\r\n\r\nabc", 400],
    ["CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n", 405],
    ["TRACE / HTTP/1.1\r\nHost: a.test\r\n\r\n", 501],
    ["get / HTTP/1.1\r\nHost: a.test\r\n\r\n", 501],
    ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
    ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
    [`GET / HTTP/1.1\r\nHost: a.test\r\nX: ${"x".repeat(65_536)}\r\n\r\n`, 431],
    [`GET / HTTP/1.1\r\nHost: a.test\r\n${"X: y\r\n".repeat(200)}\r\n`, 431],
    [`GET /${"x".repeat(65_536)} HTTP/1.1\r\nHost: a.test\r\n\r\n`, 414],
  ];
  for (const [request, status] of refused) {
    let asked = 0;
    const { visitor, visit, log } = fetchScene(() => new Response(`${++asked}`));
    await visitor.send(request);
    await visitor.send(get("/smuggled"));
    const answer = await visitor.readToEnd();
    assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), `${request}: ${answer}`);
    assert.ok(answer.includes(`\r\n${OWN_TYPE}${DATE}`), answer);
    assert.ok(answer.includes(`\r\n${CLOSE}\r\nCannot read the HTTP request: `), answer);
    assert.equal(answer.match(/HTTP\/1\.1 \d/g)?.length, 1, request);
    visitor.duplex.closeWrite();
    await visit.over;
    assert.equal(asked, 0, request);
    assert.deepEqual(log.lines.map(({ level }) => level), ["debug"]);
  }
});

test("serveFetch() answers malformed chunks with 400 when the handler gives up, and closes", async () => {
  const request =
    "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n";
  for (const sent of [[request], [...request]]) {
    const answer = await answerTo([...sent, GET], echo);
    assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.ok(answer.includes(`\r\n${CLOSE}\r\n`), answer);
    assert.equal(answer.match(/HTTP\/1\.1 \d/g)?.length, 1, answer);
  }
});

test("serveFetch() never takes the rest of a malformed body for a request, whatever the handler answers", async () => {
  const request = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\nX\r\n";
  for (const handler of [() => new Response(null), echo]) {
    const answer = await answerTo(request + get("/smuggled"), handler);
    assert.equal(answer.match(/HTTP\/1\.1 \d/g)?.length, 1, answer);
  }
});

test("serveFetch() gives the handler the scheme, the info and a URL", async () => {
  const seen: unknown[] = [];
  const info = { remote: { host: "192.0.2.7", port: 9 } };
  const handler: FetchHandler = (request, given) => {
    seen.push(request.url, given);
    return new Response(null);
  };
  await answerTo(get("/a?b"), handler, { scheme: "https", info });
  await answerTo("GET / HTTP/1.0\r\n\r\n", handler, { host: "b.test" });
  await answerTo("GET / HTTP/1.0\r\n\r\n", handler);
  assert.deepEqual(seen, [
    "https://a.test/a?b",
    info,
    "http://b.test/",
    {},
    "http://localhost/",
    {},
  ]);
});

test("serveFetch() gives up a head that comes too slowly, with 408", async () => {
  const { visitor, clock, conn, visit } = fetchScene(() => new Response(null));
  await visitor.send("GET / HT");
  await clock.advance(29_999);
  await visitor.send("TP/1.1\r\n");
  assert.equal(await visitor.arrived(), "");
  await clock.advance(1);
  const answer = await visitor.readToEnd();
  assert.match(answer, /^HTTP\/1\.1 408 Request Timeout\r\n/);
  assert.ok(answer.includes(CLOSE));
  await clock.advance(4_999);
  assert.equal(conn.aborted, false);
  await clock.advance(1);
  assert.equal(conn.aborted, true);
  await visit.over;
  assert.equal(clock.pending, 0);
});

test("serveFetch() closes idle connections, the first time after 30 s and between requests after 75 s", async () => {
  const silent = fetchScene(() => new Response(null));
  await silent.clock.advance(30_000);
  assert.equal(await silent.visitor.readToEnd(), "");
  silent.visitor.duplex.closeWrite();
  await silent.visit.over;

  const idle = fetchScene(() => new Response(null));
  await idle.visitor.send(GET);
  await idle.visitor.readHead();
  await idle.clock.advance(74_999);
  assert.equal(await idle.visitor.atEnd(), false);
  await idle.visitor.send(GET);
  await idle.visitor.readHead();
  await idle.clock.advance(75_000);
  assert.equal(await idle.visitor.atEnd(), true);
  idle.visitor.duplex.closeWrite();
  await idle.visit.over;
  assert.equal(idle.clock.pending, 0);
});

test("serveFetch() takes limits from its options", async () => {
  const { visitor, clock, visit } = fetchScene(() => new Response(null), {
    limits: { headBytes: 100, keepAliveMs: 10 },
  });
  await visitor.send(GET);
  await visitor.readHead();
  await clock.advance(10);
  assert.equal(await visitor.atEnd(), true);
  visitor.duplex.closeWrite();
  await visit.over;
  const long = await answerTo(get("/", `X: ${"x".repeat(100)}\r\n`), () => new Response(null), {
    limits: { headBytes: 100 },
  });
  assert.match(long, /^HTTP\/1\.1 431 /);
});

test("drain() closes an idle connection at once, and a busy one after its response", async () => {
  const idle = fetchScene(() => new Response(null));
  await idle.visitor.send(GET);
  await idle.visitor.readHead();
  await settle();
  idle.visit.drain();
  assert.equal(await idle.visitor.readToEnd(), "");
  idle.visitor.duplex.closeWrite();
  await idle.visit.over;

  let answer!: (response: Response) => void;
  const busy = fetchScene(() => new Promise<Response>((resolve) => answer = resolve));
  await busy.visitor.send(GET + GET);
  await settle();
  busy.visit.drain();
  answer(new Response(null));
  assert.equal(
    await busy.visitor.readToEnd(),
    `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 0\r\n${CLOSE}\r\n`,
  );
  busy.visitor.duplex.closeWrite();
  await busy.visit.over;
});

test("drain() lets a stream under way come to its end", async () => {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
  const { visitor, visit } = fetchScene(() => new Response(body));
  await visitor.send(GET);
  await visitor.readTo("chunked\r\n\r\n");
  visit.drain();
  controller.enqueue(bytes("a"));
  await visitor.expect("1\r\na\r\n");
  controller.close();
  assert.equal(await visitor.readToEnd(), "0\r\n\r\n");
  visitor.duplex.closeWrite();
  await visit.over;
});

test("abort() cuts the visitor, fires the signal and ends the visit", async () => {
  let signal!: AbortSignal;
  const { visitor, visit, clock } = fetchScene((request) => {
    signal = request.signal;
    return new Promise<Response>(() => {});
  });
  await visitor.send(GET);
  await settle();
  assert.equal(signal.aborted, false);
  visit.abort();
  await visit.over;
  assert.equal(signal.aborted, true);
  await assert.rejects(visitor.readToEnd());
  assert.equal(clock.pending, 0);
});

test("serveFetch() lets the last response arrive: it reads on until the visitor ends", async () => {
  const { visitor, conn, visit } = fetchScene(() => new Response(null));
  await visitor.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n");
  assert.equal(
    await visitor.readToEnd(),
    `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 0\r\n${CLOSE}\r\n`,
  );
  for (let turn = 0; turn < 5; turn++) await visitor.send("x".repeat(100_000));
  assert.equal(conn.aborted, false);
  visitor.duplex.closeWrite();
  await visit.over;
  assert.equal(conn.aborted, false);
});

test("serveFetch() does not mind a visitor that leaves between requests, or breaks", async () => {
  for (const leave of ["closeWrite", "abort"] as const) {
    const { visitor, visit, log } = fetchScene(() => new Response(null));
    await visitor.send(GET);
    await visitor.readHead();
    visitor.duplex[leave]();
    await visit.over;
    assert.deepEqual(log.errors, []);
  }
});

test("serveFetch() carries any bodies both ways, however they are cut and framed", async () => {
  const bodies = fc.array(
    fc.record({
      body: fc.uint8Array({ maxLength: 300 }).map(latin1Text),
      chunks: fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 5 }),
      streamed: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  );
  const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(bodies, cuts, async (exchanges, sizes) => {
      const wire = exchanges.map(({ body, chunks, streamed }) =>
        chunks.length === 0
          ? post(body, `X-Streamed: ${streamed}\r\n`)
          : `POST / HTTP/1.1\r\nHost: a.test\r\nX-Streamed: ${streamed}\r\nTransfer-Encoding: chunked\r\n\r\n` +
            chunked(body, chunks)
      ).join("");
      const pieces: string[] = [];
      let at = 0;
      for (const size of sizes) pieces.push(wire.slice(at, at += size));
      pieces.push(wire.slice(at));
      const answer = await answerTo(pieces.filter((piece) => piece !== ""), async (request) => {
        if (request.headers.get("x-streamed") === "true") return new Response(request.body);
        return new Response(await request.arrayBuffer());
      }, { highWaterBytes: 1_000_000 });
      assert.deepEqual(contents(answer), exchanges.map(({ body }) => body));
    }),
    { numRuns: 150 },
  );
});

function chunked(body: string, sizes: readonly number[]): string {
  let wire = "";
  let at = 0;
  for (const size of [...sizes, body.length]) {
    const chunk = body.slice(at, at += size);
    if (chunk !== "") wire += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }
  return wire + "0\r\n\r\n";
}

/** The bodies of responses, read by a plain and slow parser. */
function contents(wire: string): string[] {
  const found: string[] = [];
  while (wire !== "") {
    const end = wire.indexOf("\r\n\r\n") + 4;
    const head = wire.slice(0, end);
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
    wire = wire.slice(end);
    const length = /Content-Length: (\d+)\r\n/.exec(head);
    let body = "";
    if (length) {
      body = wire.slice(0, Number(length[1]));
      wire = wire.slice(body.length);
    } else {
      assert.match(head, /Transfer-Encoding: chunked\r\n/);
      for (;;) {
        const line = /^([0-9a-f]+)\r\n/.exec(wire)!;
        const size = parseInt(line[1], 16);
        body += wire.slice(line[0].length, line[0].length + size);
        assert.equal(wire.slice(line[0].length + size, line[0].length + size + 2), "\r\n");
        wire = wire.slice(line[0].length + size + 2);
        if (size === 0) break;
      }
    }
    found.push(body);
  }
  return found;
}

test("serveFetch() keeps apart what two visitors do", async () => {
  const options: FetchSceneOptions = { limits: { keepAliveMs: 0 } };
  const one = fetchScene(echo, options);
  const two = fetchScene(echo, options);
  await one.visitor.send("POST /1 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\na");
  await two.visitor.send("POST /2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nb");
  await two.visitor.send("2");
  await one.visitor.send("1");
  assert.match(await one.visitor.readTo("a1"), /POST \/1 a1$/);
  assert.match(await two.visitor.readTo("b2"), /POST \/2 b2$/);
  for (const { visitor, visit } of [one, two]) {
    visitor.duplex.closeWrite();
    await visit.over;
  }
});
