/** @module */
import assert from "node:assert/strict";
import { TunnelError } from "../../../lib/base/errors.ts";
import { H2_CODE, type Http2Request } from "../../../lib/http/h2/http2.ts";
import { serveHttp2Session } from "../../../lib/http/h2/session.ts";
import {
  FakeEndpoint,
  FORWARDED_GET,
  GET,
  OK,
  type OpenedStream,
  type Scene,
  scene,
  type SceneOptions,
  settle,
} from "../../fakes/edge_visit.ts";
import { PoolStage } from "../../fakes/pool_stage.ts";
import { test } from "../../harness.ts";

/** A scene whose first request has reached the agent, head read. */
async function asked(
  request: string,
  options: SceneOptions = {},
): Promise<Scene & { agent: OpenedStream; head: string }> {
  const stage = scene(options);
  await stage.visitor.send(request);
  const agent = await stage.endpoint.nextStream();
  return { ...stage, agent, head: await agent.readHead() };
}

/** Asserts that the visitor's connection still carries a request over the same or another stream. */
async function assertGoesOn(stage: Scene, agent: OpenedStream): Promise<void> {
  await stage.visitor.send(GET);
  await agent.expect(FORWARDED_GET);
  await agent.send(OK);
  await stage.visitor.expect(OK);
}

const POST = "POST / HTTP/1.1\r\nHost: a.test\r\n";

test("Exchange passes answers without a body for what they are, whatever their headers say", async () => {
  const cases: [string, string][] = [
    [
      "HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n",
    ],
    [
      "HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    ["HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"],
    [GET, "HTTP/1.1 204 No Content\r\n\r\n"],
    [GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\nETag: x\r\n\r\n"],
    [GET, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
  ];
  for (const [request, response] of cases) {
    const stage = await asked(request);
    await stage.agent.send(response);
    await stage.visitor.expect(response);
    await assertGoesOn(stage, stage.agent);
  }
});

test("Exchange keeps chunks, their extensions and trailers byte for byte, both ways", async () => {
  const request = POST + "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n";
  const body = "5;a=b\r\nhello\r\n0000A\r\n0123456789\r\n0\r\nX-Sum: 1\r\nx-two: 2\r\n\r\n";
  const stage = await asked(request);
  for (const char of body) await stage.visitor.send(char);
  await stage.agent.expect(body);
  const response = "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n";
  await stage.agent.send(response);
  for (const char of body) await stage.agent.send(char);
  await stage.visitor.expect(response + body);
  await assertGoesOn(stage, stage.agent);
  await settle();
  assert.equal(stage.events[0].requestBytes, body.length);
  assert.equal(stage.events[0].responseBytes, body.length);
});

test("Exchange forwards each chunk at once, long before the next exists", async () => {
  const { visitor, agent } = await asked(GET);
  await agent.send(
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  assert.match(await visitor.readHead(), /event-stream/);
  for (const event of ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]) {
    await agent.send(`${event.length.toString(16)}\r\n${event}\r\n`);
    await visitor.expect(`${event.length.toString(16)}\r\n${event}\r\n`);
  }
});

test("Exchange sends the head of a response before its body exists", async () => {
  const { visitor, agent } = await asked(GET);
  await agent.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  await visitor.expect("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  await agent.send("ok");
  await visitor.expect("ok");
});

test("Exchange moves both bodies at the same time", async () => {
  const stage = await asked(POST + "Transfer-Encoding: chunked\r\n\r\n");
  const { visitor, agent } = stage;
  await agent.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  await visitor.readHead();
  for (let turn = 0; turn < 10; turn++) {
    await visitor.send("1\r\nq\r\n");
    await agent.expect("1\r\nq\r\n");
    await agent.send("1\r\na\r\n");
    await visitor.expect("1\r\na\r\n");
  }
  await visitor.send("0\r\n\r\n");
  await agent.expect("0\r\n\r\n");
  await agent.send("0\r\n\r\n");
  await visitor.expect("0\r\n\r\n");
  await assertGoesOn(stage, agent);
});

test("Exchange passes 100 and 103 on as they come, and the body after them", async () => {
  const stage = await asked(
    POST + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n",
  );
  const { visitor, agent, head } = stage;
  assert.match(head, /\r\nExpect: 100-continue\r\n/);
  assert.equal(await visitor.arrived(), "");
  await agent.send("HTTP/1.1 100 Continue\r\n\r\n");
  await visitor.expect("HTTP/1.1 100 Continue\r\n\r\n");
  await visitor.send("abc");
  await agent.expect("abc");
  await agent.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
  await visitor.expect("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
  await agent.send(OK);
  await visitor.expect(OK);
  await assertGoesOn(stage, agent);
});

test("Exchange closes when the answer to 100-continue is final: nobody knows whether the body comes", async () => {
  const { visitor, agent, visit } = await asked(
    POST + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n",
  );
  await agent.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
  assert.equal(
    await visitor.readToEnd(),
    "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
  );
  assert.deepEqual(agent.stream.ends, ["fin", "rst 6"]);
  await visitor.send("abc");
  visitor.duplex.closeWrite();
  await visit.over;
});

test("Exchange delivers an answer that comes before a big upload is complete, and goes on after it", async () => {
  const stage = await asked(POST + "Content-Length: 300000\r\n\r\n");
  const { visitor, agent } = stage;
  await visitor.send("x".repeat(1000));
  await agent.send(OK);
  await visitor.expect(OK);
  const rest = visitor.send("x".repeat(299_000));
  await agent.expect("x".repeat(300_000));
  await rest;
  await assertGoesOn(stage, agent);
  await settle();
  assert.equal(stage.events[0].requestBytes, 300_000);
});

test("Exchange announces the end when the service answers early and closes, and swallows the rest", async () => {
  const { visitor, agent, conn, visit } = await asked(
    POST + "Content-Length: 3000000\r\n\r\n",
  );
  const sending = visitor.send("x".repeat(1_000_000));
  await agent.send(
    "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
  );
  agent.duplex.closeWrite();
  assert.equal(
    await visitor.readToEnd(),
    "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
  );
  await sending;
  await visitor.send("x".repeat(1_000_000));
  await visitor.send("x".repeat(1_000_000));
  assert.equal(conn.aborted, false);
  visitor.duplex.closeWrite();
  await visit.over;
  assert.deepEqual(agent.stream.ends, ["fin", "rst 6"]);
});

test("Exchange stops an upload whose stream ends after the answer", async () => {
  const { visitor, agent, visit } = await asked(
    POST + "Content-Length: 3000\r\n\r\n",
  );
  await agent.send(OK);
  await visitor.expect(OK);
  await settle();
  agent.duplex.closeWrite();
  assert.equal(await visitor.readToEnd(), "");
  visitor.duplex.closeWrite();
  await visit.over;
});

test("Exchange reads a body that lasts until the end, and says so", async () => {
  const { visitor, agent, visit } = await asked(GET);
  await agent.send("HTTP/1.1 200 OK\r\n\r\nuntil ");
  await visitor.expect("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil ");
  await agent.send("the end");
  agent.duplex.closeWrite();
  assert.equal(await visitor.readToEnd(), "the end");
  visitor.duplex.closeWrite();
  await visit.over;
});

test("Exchange ends an empty body that lasts until the end", async () => {
  const { visitor, agent } = await asked(GET);
  await agent.send("HTTP/1.0 200 OK\r\n\r\n");
  agent.duplex.closeWrite();
  assert.equal(
    await visitor.readToEnd(),
    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
  );
});

test("Exchange drops a stream whose service closes after the response, not the visitor", async () => {
  const stage = await asked(GET);
  await stage.agent.send(
    "HTTP/1.1 200 OK\r\nConnection: close\r\nKeep-Alive: x\r\nContent-Length: 2\r\n\r\nok",
  );
  await stage.visitor.expect("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  await settle();
  assert.deepEqual(stage.agent.stream.ends, ["fin"]);
  await stage.visitor.send(GET);
  const next = await stage.endpoint.nextStream();
  await next.expect(FORWARDED_GET);
});

test("Exchange cuts the visitor when a body breaks off: an end is never faked", async () => {
  const bodies = [
    ["Content-Length: 10\r\n\r\nhalf", ""],
    ["Transfer-Encoding: chunked\r\n\r\n4\r\nhalf", ""],
    ["Transfer-Encoding: chunked\r\n\r\n4\r\nhalf", "\r\nzz\r\n"],
  ];
  for (const [begin, rest] of bodies) {
    const { visitor, agent, conn, visit, events } = await asked(GET);
    await agent.send("HTTP/1.1 200 OK\r\n" + begin);
    await visitor.readTo("half");
    await agent.send(rest);
    agent.duplex.closeWrite();
    await assert.rejects(visitor.readToEnd(), { code: "connection_reset" });
    await visit.over;
    assert.equal(conn.aborted, true);
    assert.equal(events[0].status, undefined);
    assert.ok(events[0].error);
  }
});

test("Exchange answers 502 with 3004 to what is not HTTP, or ends before an answer", async () => {
  const answers = [
    "",
    "HTTP/1.1 200",
    "SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "\x15\x03\x01\x00\x02\x02\x46",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    // The first bytes of the body already are no chunk, and nothing has left for the visitor yet.
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  ];
  for (const answer of answers) {
    const stage = await asked(GET);
    const { visitor, agent } = stage;
    if (answer !== "") await agent.send(answer);
    agent.duplex.closeWrite();
    const head = await visitor.readHead();
    assert.match(head, /^HTTP\/1\.1 502 Bad Gateway\r\n/, answer);
    assert.match(head, /\r\nngrok-error-code: ERR_NGROK_3004\r\n/, answer);
    assert.match(
      await visitor.readTo("ERR_NGROK_3004\r\n"),
      /http:\/\/localhost:8080/,
    );
    // The visitor did nothing wrong and may go on.
    await visitor.send(GET);
    await (await stage.endpoint.nextStream()).expect(FORWARDED_GET);
  }
});

test("Exchange answers 502 with 3004 when the head of a response is too large", async () => {
  const { visitor, agent } = await asked(GET, {
    limits: { responseHeadBytes: 1000 },
  });
  await agent.send(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(1000)}\r\n\r\n`);
  assert.match(await visitor.readHead(), /^HTTP\/1\.1 502 [^]*3004/);
});

test("Exchange blames the service for a stream that is reset, the agent for a session that ends", async () => {
  for (
    const [code, expected] of [
      ["stream_reset", /^HTTP\/1\.1 502 [^]*ERR_NGROK_3004/],
      ["session_closed", /^HTTP\/1\.1 502 [^]*ERR_NGROK_3210/],
    ] as const
  ) {
    const { agent, visitor } = await asked(GET);
    agent.stream.break(new TunnelError(code, "Broken"));
    assert.match(await visitor.readHead(), expected);
  }
});

test("Exchange asks a service of HTTP/2 once more when it has not begun", async () => {
  const stage = scene();
  stage.endpoint.forwardsProto = "http2";
  await stage.visitor.send(GET);
  const agent = await stage.endpoint.nextStream();
  const requests: Http2Request[] = [];
  serveHttp2Session(agent.duplex, stage.clock, {}, (request) => {
    requests.push(request);
    if (requests.length < 2) return request.reset(H2_CODE.refusedStream);
    request.sendHead([[":status", "204"]], true);
  });
  assert.match(await stage.visitor.readHead(), /^HTTP\/1\.1 204 /);
  await stage.visitor.send(GET);
  await settle();
  requests.at(-1)!.reset(H2_CODE.internalError);
  assert.equal(requests.length, 3);
  stage.visitor.duplex.abort();
});

test("Exchange blames a service of HTTP/2 for what it breaks off", async () => {
  const stage = scene();
  stage.endpoint.forwardsProto = "http2";
  await stage.visitor.send(GET);
  const agent = await stage.endpoint.nextStream();
  serveHttp2Session(agent.duplex, stage.clock, {}, (request) => {
    request.reset(H2_CODE.internalError);
  });
  assert.match(await stage.visitor.readHead(), /^HTTP\/1\.1 502 [^]*ERR_NGROK_3004/);
  stage.visitor.duplex.abort();
});

test("Exchange turns a failed opening into 502, 503 or 504", async () => {
  const cases = [
    ["session_closed", 502, 3210],
    ["streams_exhausted", 503, 743],
    ["timed_out", 504, 3005],
    ["internal", 500, 722],
  ] as const;
  for (const [code, status, ngrokCode] of cases) {
    const { visitor, endpoint, events } = scene();
    endpoint.refuses = new TunnelError(code, "No stream");
    await visitor.send(GET);
    assert.match(
      await visitor.readHead(),
      new RegExp(`^HTTP/1.1 ${status} [^]*ERR_NGROK_${ngrokCode}`),
    );
    await visitor.readTo(`ERR_NGROK_${ngrokCode}\r\n`);
    endpoint.refuses = undefined;
    await visitor.send(GET);
    await (await endpoint.nextStream()).readHead();
    assert.equal(events[0].ngrokCode, ngrokCode);
  }
});

test("Exchange sends a GET again over a fresh stream when the kept one turns out to be dead", async () => {
  const ways: ((agent: OpenedStream) => void)[] = [
    (agent) => agent.duplex.closeWrite(),
    (agent) => agent.duplex.abort(),
  ];
  for (const die of ways) {
    const stage = await asked(GET);
    await stage.agent.send(OK);
    await stage.visitor.expect(OK);
    await stage.visitor.send(GET);
    await stage.agent.readHead();
    die(stage.agent);
    const next = await stage.endpoint.nextStream();
    await next.expect(FORWARDED_GET);
    // Once is enough: the second failure is told.
    die(next);
    assert.match(await stage.visitor.readHead(), /^HTTP\/1\.1 502 /);
    assert.equal(stage.endpoint.opened.length, 2);
  }
});

test("Exchange never repeats a POST, nor a request that was begun to be answered", async () => {
  const post = await asked(GET);
  await post.agent.send(OK);
  await post.visitor.expect(OK);
  await post.visitor.send(POST + "Content-Length: 0\r\n\r\n");
  await post.agent.readHead();
  post.agent.duplex.closeWrite();
  assert.match(await post.visitor.readHead(), /^HTTP\/1\.1 502 /);
  assert.equal(post.endpoint.opened.length, 1);

  const begun = await asked(GET);
  await begun.agent.send(OK);
  await begun.visitor.expect(OK);
  await begun.visitor.send(GET);
  await begun.agent.readHead();
  await begun.agent.send("HTTP/1.1 103 Early Hints\r\n\r\n");
  await begun.visitor.readHead();
  begun.agent.duplex.closeWrite();
  assert.match(await begun.visitor.readHead(), /^HTTP\/1\.1 502 /);
  assert.equal(begun.endpoint.opened.length, 1);
});

test("Exchange sends a POST over a fresh stream when the kept one was idle for long", async () => {
  const stage = await asked(GET);
  await stage.agent.send(OK);
  await stage.visitor.expect(OK);
  await stage.clock.advance(999);
  await stage.visitor.send(POST + "Content-Length: 2\r\n\r\nab");
  await stage.agent.readTo("ab");
  await stage.agent.send(OK);
  await stage.visitor.expect(OK);
  await stage.clock.advance(1000);
  await stage.visitor.send(POST + "Content-Length: 2\r\n\r\nab");
  const next = await stage.endpoint.nextStream();
  await next.readTo("ab");
  assert.deepEqual(stage.agent.stream.ends, ["fin"]);
});

test("Exchange drops a kept stream that ends while idle, before the next request needs it", async () => {
  const stage = await asked(GET);
  await stage.agent.send(OK);
  await stage.visitor.expect(OK);
  stage.agent.duplex.closeWrite();
  await settle();
  assert.deepEqual(stage.agent.stream.ends, ["fin"]);
  await stage.visitor.send(POST + "Content-Length: 2\r\n\r\nab");
  const next = await stage.endpoint.nextStream();
  await next.readTo("ab");
});

test("Exchange never takes bytes that nobody asked for as the next answer", async () => {
  const stage = await asked(GET);
  await stage.agent.send(
    OK + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison",
  );
  await stage.visitor.expect(OK);
  await settle();
  assert.deepEqual(stage.agent.stream.ends, ["fin", "rst 6"]);
  await stage.visitor.send(GET);
  const next = await stage.endpoint.nextStream();
  await next.readHead();
  await next.send(OK);
  await stage.visitor.expect(OK);
});

test("Exchange cancels the stream with FIN and RST when the visitor breaks off while waiting", async () => {
  const { visitor, agent, visit, events } = await asked(GET);
  visitor.duplex.abort();
  await visit.over;
  assert.deepEqual(agent.stream.ends, ["fin", "rst 6"]);
  assert.equal(events[0].status, undefined);
});

test("Exchange cancels the stream when the visitor breaks off within its upload, or within the answer", async () => {
  const upload = await asked(POST + "Content-Length: 10\r\n\r\nab");
  await upload.agent.expect("ab");
  upload.visitor.duplex.abort();
  await upload.visit.over;
  assert.deepEqual(upload.agent.stream.ends, ["fin", "rst 6"]);

  const answer = await asked(GET);
  await answer.agent.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
  await answer.visitor.readTo("ab");
  answer.visitor.duplex.abort();
  await answer.visit.over;
  assert.deepEqual(answer.agent.stream.ends, ["fin", "rst 6"]);
});

test("Exchange does not pass the visitor's end on before the answer is complete", async () => {
  const { visitor, agent, visit } = await asked(GET);
  visitor.duplex.closeWrite();
  await settle();
  assert.deepEqual(agent.stream.ends, []);
  await agent.send(OK);
  await visitor.expect(OK);
  await visit.over;
  assert.deepEqual(agent.stream.ends, ["fin"]);
});

test("Exchange refuses a request whose body ends early or is no chunk, with 400 and a close", async () => {
  const early = await asked(POST + "Content-Length: 10\r\n\r\nab");
  await early.agent.expect("ab");
  early.visitor.duplex.closeWrite();
  assert.match(
    await early.visitor.readToEnd(),
    /^HTTP\/1\.1 400 [^]*\r\nConnection: close\r\n/,
  );
  assert.deepEqual(early.agent.stream.ends, ["fin", "rst 6"]);

  const bad = await asked(
    POST + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
  );
  await bad.agent.expect("2\r\nab\r\n");
  await bad.visitor.send(
    "-1\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n",
  );
  assert.match(
    await bad.visitor.readToEnd(),
    /^HTTP\/1\.1 400 [^]*\r\nConnection: close\r\n/,
  );
  assert.deepEqual(bad.agent.stream.ends, ["fin", "rst 6"]);
});

test("Exchange joins the connections after a 101, with half-close and early bytes", async () => {
  const request = "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Upgrade\r\n" +
    "Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";
  const { visitor, agent, head, visit, events } = await asked(
    request + "early",
  );
  assert.match(
    head,
    /\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n/,
  );
  await settle();
  assert.equal(await agent.arrived(), "");
  const answer =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  await agent.send(answer + "first");
  await visitor.expect(answer + "first");
  await agent.expect("early");
  await visitor.send("ping");
  await agent.expect("ping");
  visitor.duplex.closeWrite();
  assert.equal(await agent.readToEnd(), "");
  await agent.send("last words");
  agent.duplex.closeWrite();
  assert.equal(await visitor.readToEnd(), "last words");
  await visit.over;
  assert.equal(events[0].status, 101);
  assert.equal(events[0].requestBytes, 9);
  assert.equal(events[0].responseBytes, 15);
});

test("Exchange goes on with HTTP when an upgrade is declined", async () => {
  const stage = await asked(
    "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  );
  await stage.agent.send(
    "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
  );
  await stage.visitor.expect(
    "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
  );
  await assertGoesOn(stage, stage.agent);
});

test("Exchange cancels the stream when the visitor breaks off while an upgrade is awaited", async () => {
  const { visitor, agent, visit } = await asked(
    "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  );
  visitor.duplex.abort();
  await visit.over;
  assert.deepEqual(agent.stream.ends, ["fin", "rst 6"]);
});

test("Exchange answers 504 when the service says nothing for too long", async () => {
  const { visitor, agent, clock, events } = await asked(GET);
  await clock.advance(299_999);
  assert.equal(await visitor.arrived(), "");
  await clock.advance(1);
  assert.match(await visitor.readHead(), /^HTTP\/1\.1 504 [^]*ERR_NGROK_3008/);
  assert.deepEqual(agent.stream.ends, ["fin", "rst 6"]);
  assert.equal(events[0].error?.code, "timed_out");
});

test("Exchange answers 408 when the visitor does not send its body", async () => {
  const { visitor, agent, clock } = await asked(
    POST + "Content-Length: 10\r\n\r\n",
  );
  await clock.advance(200_000);
  await visitor.send("ab");
  await agent.expect("ab");
  await clock.advance(299_999);
  assert.equal(await visitor.arrived(), "");
  await clock.advance(1);
  assert.match(
    await visitor.readToEnd(),
    /^HTTP\/1\.1 408 [^]*\r\nConnection: close\r\n/,
  );
  assert.deepEqual(agent.stream.ends, ["fin", "rst 6"]);
});

test("Exchange cuts both sides when a body stalls, but not while it moves", async () => {
  const { visitor, agent, clock, conn, visit } = await asked(GET);
  await agent.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
  for (let turn = 0; turn < 4; turn++) {
    await clock.advance(200_000);
    await agent.send("x");
  }
  await visitor.readTo("xxxx");
  await clock.advance(300_000);
  await visit.over;
  assert.equal(conn.aborted, true);
  assert.deepEqual(agent.stream.ends, ["fin", "rst 6"]);
});

test("Exchange reads no more from the agent than a stalled visitor takes", async () => {
  const endpoint = new FakeEndpoint("a.test");
  endpoint.highWaterBytes = 1000;
  const { visitor, agent } = await asked(GET, {
    endpoints: [endpoint],
    highWaterBytes: 1000,
  });
  await agent.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
  let written = 0;
  let full = false;
  while (!full && written < 1_000_000) {
    const waiting = agent.duplex.write(new Uint8Array(1000));
    written += 1000;
    if (!waiting) continue;
    let done = false;
    waiting.then(() => done = true);
    await settle();
    full = !done;
  }
  assert.ok(written < 20_000, `${written} bytes were taken from the agent`);
  await visitor.readHead();
});

test("Exchange reads no more from the visitor than a stalled agent takes", async () => {
  const endpoint = new FakeEndpoint("a.test");
  endpoint.highWaterBytes = 1000;
  const { visitor } = await asked(POST + "Content-Length: 100000000\r\n\r\n", {
    endpoints: [endpoint],
    highWaterBytes: 1000,
  });
  let written = 0;
  let full = false;
  while (!full && written < 1_000_000) {
    const waiting = visitor.duplex.write(new Uint8Array(1000));
    written += 1000;
    if (!waiting) continue;
    let done = false;
    waiting.then(() => done = true);
    await settle();
    full = !done;
  }
  assert.ok(written < 20_000, `${written} bytes were taken from the visitor`);
});

test("Exchange puts a PROXY header in front of the first request of a stream alone", async () => {
  const stage = scene({
    endpoints: [new FakeEndpoint("a.test", "http", { ProxyProto: 1 })],
  });
  await stage.visitor.send(GET);
  const agent = await stage.endpoint.nextStream();
  await agent.expect(
    "PROXY TCP4 192.0.2.7 198.51.100.1 50000 80\r\n" + FORWARDED_GET,
  );
  await agent.send(OK);
  await stage.visitor.expect(OK);
  await assertGoesOn(stage, agent);
});

test("Exchange survives a head and bodies cut into single bytes", async () => {
  const stage = scene();
  const request = POST + "Content-Length: 3\r\n\r\nabc";
  for (const char of request) {
    await stage.visitor.send(char);
    await settle();
  }
  const agent = await stage.endpoint.nextStream();
  await agent.readHead();
  await agent.expect("abc");
  for (const char of OK) {
    await agent.send(char);
    await settle();
  }
  await stage.visitor.expect(OK);
  await assertGoesOn(stage, agent);
});

/** One endpoint, alone at its URL. */
async function alone(): Promise<PoolStage> {
  const stage = await PoolStage.create(0);
  await stage.join("m0", { extra: {} });
  return stage;
}

for (const [method, body] of [["GET", ""], ["POST", "a body"]]) {
  test(`Exchange tells a visitor that the only agent is silent, long before the heartbeat: ${method}`, async () => {
    const stage = await alone();
    const [{ agent }] = stage.members;
    agent.freeze();
    const asked = stage.ask(method, body);
    // The whole patience is six seconds; the heartbeat would take 25.
    for (let second = 0; second < 6; second++) await stage.clock.advance(1_000);
    assert.match(await asked, /^502 .* is connected, but does not answer[^]*ERR_NGROK_3210/);
    assert.equal(stage.events[0].error?.message, "The agent does not answer");
    agent.thaw();
    await stage.clock.advance(2_000);
    assert.equal(await stage.ask(method, body), "200 m0");
    await stage.close();
  });
}

test("Exchange waits for a slow service as long as its agent lives", async () => {
  const stage = await alone();
  const [member] = stage.members;
  member.delayMs = 60_000;
  const asked = stage.ask();
  for (let second = 0; second < 60; second++) await stage.clock.advance(1_000);
  assert.equal(await asked, "200 m0");
  await stage.close();
});

test("Exchange gives an agent that was stopped for a moment the time to come back", async () => {
  const stage = await alone();
  const [{ agent }] = stage.members;
  agent.freeze();
  const asked = stage.ask("POST", "a body");
  for (let second = 0; second < 4; second++) await stage.clock.advance(1_000);
  agent.thaw();
  for (let second = 0; second < 4; second++) await stage.clock.advance(1_000);
  assert.equal(await asked, "200 m0");
  await stage.close();
});
