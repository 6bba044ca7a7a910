/** @module */
import assert from "node:assert/strict";
import { serveHttp } from "../../../lib/edge/http_relay.ts";
import { type HostServer, Mounts } from "../../../lib/edge/mounts.ts";
import { serveFetch } from "../../../lib/http/serve_fetch.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import type { LogLevel } from "../../../lib/base/log.ts";
import {
  FakeConn,
  FakeEndpoint,
  fakeTable,
  FORWARDED_GET,
  GET,
  OK,
  Peer,
  scene,
  settle,
} from "../../fakes/edge_visit.ts";
import { test } from "../../harness.ts";

test("serveHttp() relays a request and its answer, byte for byte but for the edits", async () => {
  const { visitor, endpoint, visit, events } = scene();
  await visitor.send(
    "GET /a%2Fb/../c?q=1 HTTP/1.1\r\nhOST: a.test\r\nX-Odd:   two  words \r\n\r\n",
  );
  const agent = await endpoint.nextStream();
  await agent.expect(
    "GET /a%2Fb/../c?q=1 HTTP/1.1\r\nhOST: a.test\r\nX-Odd:   two  words \r\n" +
      "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.test\r\n\r\n",
  );
  await agent.send(
    "HTTP/1.1 200 Fine\r\nx-b: 1\r\nX-A: 2\r\ncontent-length: 2\r\n\r\nok",
  );
  await visitor.expect(
    "HTTP/1.1 200 Fine\r\nx-b: 1\r\nX-A: 2\r\ncontent-length: 2\r\n\r\nok",
  );
  visitor.duplex.closeWrite();
  await visit.over;
  assert.equal(agent.visitor.clientAddr, "192.0.2.7:50000");
  assert.equal(agent.visitor.passthroughTls, false);
  assert.equal(events.length, 1);
  assert.equal(events[0].status, 200);
  assert.equal(events[0].path, "/a%2Fb/../c");
  assert.equal(events[0].responseBytes, 2);
  assert.deepEqual(endpoint.traffic.counts(), { requests: 1, open: 0, inBytes: 0, outBytes: 2 });
  assert.equal(await visitor.atEnd(), true);
});

test("serveHttp() answers 403 to a visitor that the account keeps out", async () => {
  const asked: [string, string][] = [];
  const refuses = (accountId: string, host: string) => asked.push([accountId, host]) === 1;
  const { visitor, endpoint } = scene({ restrictions: { refuses } });
  await visitor.send(GET);
  assert.match(await visitor.readHead(), /^HTTP\/1\.1 403 Forbidden\r\n[^]*ERR_NGROK_3205/);
  assert.deepEqual(asked, [[endpoint.accountId, "192.0.2.7"]]);
});

test("serveHttp() sends head and body in one write when both are at hand", async () => {
  const { visitor, endpoint, conn } = scene();
  await visitor.send(GET);
  const agent = await endpoint.nextStream();
  await agent.readHead();
  await agent.send(OK);
  await visitor.expect(OK);
  assert.equal(conn.writes, 1);
});

test("serveHttp() carries request after request over one stream", async () => {
  const { visitor, endpoint } = scene();
  for (let turn = 0; turn < 5; turn++) {
    await visitor.send(GET);
    const agent = endpoint.opened[0] ?? await endpoint.nextStream();
    await agent.expect(FORWARDED_GET);
    await agent.send(OK);
    await visitor.expect(OK);
  }
  assert.equal(endpoint.opened.length, 1);
});

test("serveHttp() serves pipelined requests strictly in order", async () => {
  const { visitor, endpoint } = scene();
  await visitor.send(
    "GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc" +
      "GET /3 HTTP/1.1\r\nHost: a.test\r\n\r\n",
  );
  const agent = await endpoint.nextStream();
  assert.match(await agent.readHead(), /^GET \/1 /);
  assert.equal(await agent.arrived(), "");
  await agent.send(OK);
  await visitor.expect(OK);
  assert.match(await agent.readHead(), /^POST \/2 /);
  await agent.expect("abc");
  assert.equal(await agent.arrived(), "");
  await agent.send("HTTP/1.1 204 No Content\r\n\r\n");
  await visitor.expect("HTTP/1.1 204 No Content\r\n\r\n");
  assert.match(await agent.readHead(), /^GET \/3 /);
  await agent.send(OK);
  await visitor.expect(OK);
});

test("serveHttp() opens another stream for another endpoint, and ends the first", async () => {
  const [a, b] = [new FakeEndpoint("a.test"), new FakeEndpoint("b.test")];
  const { visitor } = scene({ endpoints: [a, b] });
  await visitor.send(GET);
  const first = await a.nextStream();
  await first.readHead();
  await first.send(OK);
  await visitor.expect(OK);
  await visitor.send("GET / HTTP/1.1\r\nHost: b.test\r\n\r\n");
  const second = await b.nextStream();
  await second.readHead();
  assert.deepEqual(first.stream.ends, ["fin"]);
  await second.send(OK);
  await visitor.expect(OK);
});

test("serveHttp() answers 404 with 3200 for a name nobody serves, and goes on", async () => {
  const { visitor, endpoint, events } = scene();
  await visitor.send("GET / HTTP/1.1\r\nHost: gone.test:8080\r\n\r\n");
  const head = await visitor.readHead();
  assert.match(head, /^HTTP\/1\.1 404 Not Found\r\n/);
  assert.match(head, /\r\nngrok-error-code: ERR_NGROK_3200\r\n/);
  assert.match(head, /\r\nContent-Type: text\/plain; charset=utf-8\r\n/);
  await visitor.expect(
    "The endpoint gone.test is offline.\r\n\r\nERR_NGROK_3200\r\n",
  );
  await visitor.send(GET);
  const agent = await endpoint.nextStream();
  await agent.readHead();
  await agent.send(OK);
  await visitor.expect(OK);
  await settle();
  assert.deepEqual(events.map((event) => [event.status, event.ngrokCode]), [
    [404, 3200],
    [200, undefined],
  ]);
});

test("serveHttp() shows a page to a browser, and no body to HEAD", async () => {
  const { visitor } = scene();
  await visitor.send(
    "GET / HTTP/1.1\r\nHost: gone.test\r\nAccept: text/html,*/*;q=0.8\r\n\r\n",
  );
  assert.match(
    await visitor.readHead(),
    /\r\nContent-Type: text\/html; charset=utf-8\r\n/,
  );
  assert.match(await visitor.readTo("</html>\n"), /ERR_NGROK_3200/);
  await visitor.send(
    "HEAD / HTTP/1.1\r\nHost: gone.test\r\n\r\nGET / HTTP/1.1\r\nHost: gone.test\r\n\r\n",
  );
  assert.match(await visitor.readHead(), /\r\nContent-Length: 54\r\n/);
  assert.match(await visitor.readHead(), /^HTTP\/1\.1 404 /);
});

test("serveHttp() answers a POST to nobody at once, closes, and lets the answer arrive", async () => {
  const { visitor, conn, visit } = scene();
  await visitor.send(
    "POST / HTTP/1.1\r\nHost: gone.test\r\nContent-Length: 1000000\r\n\r\n",
  );
  assert.match(
    await visitor.readHead(),
    /^HTTP\/1\.1 404 .*\r\nConnection: close\r\n/s,
  );
  await visitor.readToEnd();
  for (let turn = 0; turn < 5; turn++) await visitor.send("x".repeat(100_000));
  assert.equal(conn.aborted, false);
  visitor.duplex.closeWrite();
  await visit.over;
  assert.equal(conn.aborted, false);
});

test("serveHttp() closes after a response when the visitor asks, and keeps the service's connection out of it", async () => {
  const { visitor, endpoint, visit } = scene();
  await visitor.send(
    "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
  );
  const agent = await endpoint.nextStream();
  await agent.expect(FORWARDED_GET);
  await agent.send(OK);
  assert.equal(
    await visitor.readToEnd(),
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
  );
  visitor.duplex.closeWrite();
  await visit.over;
  assert.deepEqual(agent.stream.ends, ["fin"]);
});

test("serveHttp() refuses what has two readings with 400, and nothing reaches the service", async () => {
  const cases: [string, number][] = [
    ["GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: a.test\nX: y\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: a.test\r\n folded\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost : a.test\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: a.test\r\nX: a\0b\r\n\r\n", 400],
    [
      "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    [
      "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      400,
    ],
    [
      "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["GET http://b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", 400],
    ["CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n", 405],
    ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
    ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
  ];
  for (const [request, status] of cases) {
    const { visitor, endpoint, visit } = scene();
    await visitor.send(
      request + "GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n",
    );
    const text = await visitor.readToEnd();
    assert.match(text, new RegExp(`^HTTP/1.1 ${status} `), request);
    assert.match(text, /\r\nConnection: close\r\n/, request);
    assert.match(text, /\r\nngrok-error-code: ERR_NGROK_3007\r\n/, request);
    assert.equal(text.match(/HTTP\/1\.1 \d/g)!.length, 1, request);
    visitor.duplex.closeWrite();
    await visit.over;
    assert.equal(endpoint.opened.length, 0, request);
  }
});

test("serveHttp() answers 431 to a head that is too large", async () => {
  const { visitor, endpoint } = scene({ limits: { requestHeadBytes: 1000 } });
  await visitor.send(
    `GET / HTTP/1.1\r\nHost: a.test\r\nCookie: ${"x".repeat(1000)}\r\n\r\n`,
  );
  const text = await visitor.readToEnd();
  assert.match(text, /^HTTP\/1\.1 431 /);
  assert.match(text, /\r\nConnection: close\r\n/);
  assert.equal(endpoint.opened.length, 0);
});

test("serveHttp() answers 421 when Host is not the name the TLS connection is for", async () => {
  const [a, b] = [
    new FakeEndpoint("a.test", "https"),
    new FakeEndpoint("b.test", "https"),
  ];
  const { visitor } = scene({
    scheme: "https",
    serverName: "a.test",
    endpoints: [a, b],
  });
  await visitor.send("GET / HTTP/1.1\r\nHost: b.test\r\n\r\n");
  assert.match(
    await visitor.readHead(),
    /^HTTP\/1\.1 421 Misdirected Request\r\n/,
  );
  await visitor.readTo("ERR_NGROK_3007\r\n");
  assert.equal(b.opened.length, 0);
  await visitor.send("GET / HTTP/1.1\r\nHost: A.test\r\n\r\n");
  const agent = await a.nextStream();
  assert.match(await agent.readHead(), /\r\nX-Forwarded-Proto: https\r\n/);
});

test("serveHttp() takes the name of the TLS connection in any case", async () => {
  const { visitor, endpoint } = scene({
    scheme: "https",
    serverName: "A.Test.",
  });
  await visitor.send(GET);
  await (await endpoint.nextStream()).readHead();
});

test("serveHttp() cuts a visitor that does not take the edge's own answer", async () => {
  const { visitor, clock, conn, visit, events } = scene({ highWaterBytes: 10 });
  await visitor.send("GET / HTTP/1.1\r\nHost: gone.test\r\n\r\n");
  await clock.advance(299_999);
  assert.equal(conn.aborted, false);
  await clock.advance(1);
  assert.equal(conn.aborted, true);
  await visit.over;
  assert.equal(events[0].ngrokCode, 3200);
});

test("serveHttp() gives up a head that comes too slowly, with 408", async () => {
  const { visitor, clock, conn, visit } = scene();
  await visitor.send("GET / HT");
  await clock.advance(59_999);
  assert.equal(await visitor.arrived(), "");
  await visitor.send("TP/1.1\r\n");
  await clock.advance(1);
  assert.match(
    await visitor.readToEnd(),
    /^HTTP\/1\.1 408 .*\r\nConnection: close\r\n/s,
  );
  await clock.advance(4_999);
  assert.equal(conn.aborted, false);
  await clock.advance(1);
  assert.equal(conn.aborted, true);
  await visit.over;
  assert.equal(clock.pending, 0);
});

test("serveHttp() closes a connection on which nothing was ever said, without a word", async () => {
  const { visitor, clock, visit } = scene();
  await clock.advance(60_000);
  assert.equal(await visitor.readToEnd(), "");
  visitor.duplex.closeWrite();
  await visit.over;
});

test("serveHttp() lets the stream of an idle visitor go after 30 s, and the visitor after 5 min", async () => {
  const { visitor, clock, endpoint, visit } = scene();
  await visitor.send(GET);
  const agent = await endpoint.nextStream();
  await agent.readHead();
  await agent.send(OK);
  await visitor.expect(OK);
  await clock.advance(29_000);
  assert.deepEqual(agent.stream.ends, []);
  await clock.advance(1_000);
  assert.deepEqual(agent.stream.ends, ["fin"]);
  agent.duplex.closeWrite();
  await clock.advance(200_000);
  await visitor.send(GET);
  const again = await endpoint.nextStream();
  await again.readHead();
  await again.send(OK);
  await visitor.expect(OK);
  await clock.advance(331_000);
  assert.equal(await visitor.atEnd(), true);
  visitor.duplex.closeWrite();
  await visit.over;
});

test("serveHttp() serves HTTP/1.0 as HTTP/1.0, and closes after it", async () => {
  const { visitor, endpoint, visit } = scene();
  await visitor.send("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n");
  const agent = await endpoint.nextStream();
  assert.match(await agent.readHead(), /^GET \/ HTTP\/1\.0\r\n/);
  await agent.send(
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
  );
  agent.duplex.closeWrite();
  assert.equal(
    await visitor.readToEnd(),
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
  );
  visitor.duplex.closeWrite();
  await visit.over;
});

test("serveHttp() keeps an HTTP/1.0 connection that asks for it, on a stream for each request", async () => {
  const { visitor, endpoint } = scene();
  for (let turn = 0; turn < 2; turn++) {
    await visitor.send(
      "GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n",
    );
    const agent = await endpoint.nextStream();
    await agent.readHead();
    await agent.send("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
    agent.duplex.closeWrite();
    await visitor.expect(
      "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok",
    );
  }
});

test("drain() ends idle connections at once and others after their response", async () => {
  const idle = scene();
  await idle.visitor.send(GET);
  const idleAgent = await idle.endpoint.nextStream();
  await idleAgent.readHead();
  await idleAgent.send(OK);
  await idle.visitor.expect(OK);
  await settle();
  idle.visit.drain();
  assert.equal(await idle.visitor.readToEnd(), "");
  idle.visitor.duplex.closeWrite();
  await idle.visit.over;

  const busy = scene();
  await busy.visitor.send(GET);
  const agent = await busy.endpoint.nextStream();
  await agent.readHead();
  busy.visit.drain();
  await agent.send(OK);
  assert.match(
    await busy.visitor.readToEnd(),
    /\r\nConnection: close\r\n\r\nok$/,
  );
  busy.visitor.duplex.closeWrite();
  await busy.visit.over;
});

test("serveHttp() reports a listener that throws, and goes on", async () => {
  const endpoint = new FakeEndpoint("a.test");
  const [near, far] = pair();
  const lines: [LogLevel, string][] = [];
  const logger = {
    log: (level: LogLevel, message: string) => void lines.push([level, message]),
    child: () => logger,
  };
  serveHttp(new FakeConn(near), "http", {
    endpoints: fakeTable(endpoint),
    clock: new FakeClock(),
    logger,
    onExchange: () => {
      throw new Error("no");
    },
  });
  const visitor = new Peer(far);
  for (let turn = 0; turn < 2; turn++) {
    await visitor.send("GET / HTTP/1.1\r\nHost: nobody.test\r\n\r\n");
    await visitor.readTo("ERR_NGROK_3200\r\n\r\n".slice(0, -2));
    await settle();
  }
  assert.deepEqual(lines, [["error", "a listener failed"], [
    "error",
    "a listener failed",
  ]]);
});

/** Somebody who serves a name of his own: answers each request with its first line. */
const heir: HostServer = (conn, scheme) =>
  serveFetch(conn, (request) => new Response(`${request.method} ${request.url}`), {
    clock: new FakeClock(0),
    scheme,
  });

test("serveHttp() gives the connection to who serves the name, with its first request", async () => {
  const mounts = new Mounts();
  mounts.mount("api.test", heir);
  const { visitor, visit, events } = scene({ mounts });
  await visitor.send("GET /self?x=1 HTTP/1.1\r\nHost: API.test:8080\r\n\r\n");
  assert.match(await visitor.readHead(), /^HTTP\/1\.1 200 OK\r\n/);
  await visitor.expect("GET http://api.test:8080/self?x=1");
  // What follows is the heir's too, pipelined or not.
  await visitor.send(
    "GET /a HTTP/1.1\r\nHost: api.test\r\n\r\nPOST /b HTTP/1.1\r\nHost: api.test\r\nContent-Length: 2\r\n\r\nhi",
  );
  for (const answer of ["GET http://api.test/a", "POST http://api.test/b"]) {
    assert.match(await visitor.readHead(), /^HTTP\/1\.1 200 OK\r\n/);
    await visitor.expect(answer);
  }
  visitor.duplex.closeWrite();
  await visit.over;
  // It is nobody's exchange here.
  assert.equal(events.length, 0);
});

test("serveHttp() gives a connection over between two requests, and leaves endpoints alone", async () => {
  const mounts = new Mounts();
  mounts.mount("api.test", heir);
  const { visitor, endpoint, visit } = scene({ mounts });
  await visitor.send(GET);
  const agent = await endpoint.nextStream();
  await agent.expect(FORWARDED_GET);
  await agent.send(OK);
  await visitor.expect(OK);
  await visitor.send("GET / HTTP/1.1\r\nHost: api.test\r\n\r\n");
  assert.match(await visitor.readHead(), /^HTTP\/1\.1 200 OK\r\n/);
  await visitor.expect("GET http://api.test/");
  // The stream that was kept for the next request was let go.
  assert.deepEqual(agent.stream.ends, ["fin"]);
  visitor.duplex.closeWrite();
  agent.duplex.closeWrite();
  await visit.over;
});

test("serveHttp() passes on that the door closes", async () => {
  const mounts = new Mounts();
  mounts.mount("api.test", heir);
  const { visitor, visit } = scene({ mounts });
  await visitor.send("GET / HTTP/1.1\r\nHost: api.test\r\n\r\n");
  await visitor.readHead();
  await visitor.expect("GET http://api.test/");
  visit.drain();
  assert.equal(await visitor.atEnd(), true);
  visitor.duplex.closeWrite();
  await visit.over;
});

test("serveHttp() shows browsers the interstitial once, when the edge wants it", async () => {
  const { visitor, endpoint, visit, events } = scene({ interstitial: true });
  const browser = "Host: a.test\r\nUser-Agent: Mozilla/5.0\r\nAccept: text/html\r\n";
  await visitor.send(`GET /x?y=1 HTTP/1.1\r\n${browser}\r\n`);
  const head = await visitor.readHead();
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(head, /\r\nngrok-error-code: ERR_NGROK_6024\r\n/);
  const page = await visitor.readBytes(Number(/Content-Length: (\d+)/.exec(head)![1]));
  const action = /action="([^"]+)"/.exec(page)![1];
  await visitor.send(
    `POST ${action} HTTP/1.1\r\n${browser}Origin: http://a.test\r\nContent-Length: 0\r\n\r\n`,
  );
  const agreed = await visitor.readHead();
  assert.match(agreed, /^HTTP\/1\.1 303 See Other\r\n/);
  assert.match(agreed, /\r\nLocation: \/x\?y=1\r\n/);
  const cookie = /Set-Cookie: ([^;]+);/.exec(agreed)![1];
  await visitor.send(`GET /x?y=1 HTTP/1.1\r\n${browser}Cookie: ${cookie}\r\n\r\n`);
  const agent = await endpoint.nextStream();
  await agent.readHead();
  await agent.send(OK);
  await visitor.expect(OK);
  visitor.duplex.closeWrite();
  await visit.over;
  assert.deepEqual(events.map(({ status, ngrokCode }) => [status, ngrokCode]), [
    [200, 6024],
    [303, undefined],
    [200, undefined],
  ]);
});

test("serveHttp() answers with JSON who likes that better", async () => {
  const { visitor } = scene();
  await visitor.send(
    "GET / HTTP/1.1\r\nHost: b.test\r\nAccept: application/json, */*;q=0.5\r\n\r\n",
  );
  const head = await visitor.readHead();
  assert.match(head, /\r\nContent-Type: application\/json\r\n/);
  const body = await visitor.readBytes(Number(/Content-Length: (\d+)/.exec(head)![1]));
  assert.equal(JSON.parse(body).error_code, "ERR_NGROK_3200");
  visitor.duplex.closeWrite();
});

test("serveHttp() answers proofs for ACME servers itself, before an endpoint of that name sees them", async () => {
  const path = "/.well-known/acme-challenge/token";
  const ownAnswer = (asked: string) => asked === path ? "token.print" : undefined;
  const { visitor, endpoint, visit } = scene({ ownAnswer });
  // Somebody else's challenge is the service's business.
  await visitor.send(`GET ${path}2 HTTP/1.1\r\nHost: a.test\r\n\r\n`);
  const agent = await endpoint.nextStream();
  assert.match(await agent.readHead(), /token2/);
  await agent.send(OK);
  await visitor.expect(OK);
  await visitor.send(`GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
  const answer = await visitor.readToEnd();
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\nContent-Type: application\/octet-stream\r\n/);
  assert.match(answer, /\r\n\r\ntoken\.print$/);
  visitor.duplex.closeWrite();
  await visit.over;
});

test("serveHttp() takes the chunks off what is for HTTP/1.0: the end of the connection is its end", async () => {
  const { visitor, endpoint, visit } = scene();
  await visitor.send("GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n");
  const agent = await endpoint.nextStream();
  await agent.readHead();
  await agent.send(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\nok\r\n0\r\nX: 1\r\n\r\n",
  );
  assert.equal(await visitor.readToEnd(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok");
  visitor.duplex.closeWrite();
  await visit.over;
});
