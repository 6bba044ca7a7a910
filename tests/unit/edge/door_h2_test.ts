/** Visitors of HTTP/2, and that they are understood as those of HTTP/1.1 are. */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { serveHttp2 } from "../../../lib/edge/door_h2.ts";
import type { Http2Limits } from "../../../lib/edge/http2_limits.ts";
import { type ExchangeEnded, serveHttp } from "../../../lib/edge/http_relay.ts";
import { KeptStreams } from "../../../lib/edge/kept_streams.ts";
import type { FieldList } from "../../../lib/http/http2_request.ts";
import { FakeConn, FakeEndpoint, fakeTable } from "../../fakes/edge_visit.ts";
import { get, H2Peer, post } from "../../fakes/h2_peer.ts";
import { latin1Bytes, Peer, settle } from "../../fakes/peer.ts";
import { test } from "../../harness.ts";

function stage(limits: Partial<Http2Limits> = {}) {
  const clock = new FakeClock();
  const endpoint = new FakeEndpoint("a.test", "https");
  const [near, far] = pair();
  const events: ExchangeEnded[] = [];
  const conn = new FakeConn(near, "a.test", "h2");
  const serving = {
    endpoints: fakeTable(endpoint),
    clock,
    logger: silentLogger,
    onExchange: (event: ExchangeEnded) => void events.push(event),
  };
  const kept = new KeptStreams(clock);
  const visit = serveHttp2(conn, {
    clock,
    logger: silentLogger,
    limits,
    serve: (conn) => serveHttp(conn, "https", serving, kept),
  });
  return { clock, endpoint, visit, events, peer: new H2Peer(far), serving };
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

test("serveHttp2() relays requests side by side and keeps streams for later ones", async () => {
  const { endpoint, peer, visit, events } = stage();
  peer.head(1, get("/1"));
  peer.head(3, get("/3"));
  const [one, two] = [await endpoint.nextStream(), await endpoint.nextStream()];
  two.send(OK);
  await peer.until(() => peer.on(3).ended);
  assert.deepEqual(peer.on(3).heads[0], [[":status", "200"], ["content-length", "2"]]);
  assert.equal(peer.on(1).heads.length, 0);
  one.send(OK);
  await peer.until(() => peer.on(1).ended);
  await settle();
  peer.head(5, get("/5"));
  await settle();
  assert.equal(endpoint.opened.length, 2);
  one.send(OK);
  two.send(OK);
  await peer.until(() => peer.on(5).ended);
  await settle();
  assert.deepEqual(events.map((event) => event.path).sort(), ["/1", "/3", "/5"]);
  for (const { protocol, tlsVersion } of events) {
    assert.deepEqual([protocol, tlsVersion], ["HTTP/2.0", "TLSv1.3"]);
  }
  peer.close();
  await visit.over;
});

test("serveHttp2() cancels the agent's stream of a request that is taken back, and no other", async () => {
  const { endpoint, peer, visit } = stage();
  peer.head(1, get());
  peer.head(3, get());
  const [one, two] = [await endpoint.nextStream(), await endpoint.nextStream()];
  peer.reset(1);
  await one.stream.closed;
  assert.deepEqual(one.stream.ends, ["fin", "rst 6"]);
  two.send(OK);
  await peer.until(() => peer.on(3).ended);
  assert.deepEqual(two.stream.ends, []);
  peer.close();
  await visit.over;
});

test("serveHttp2() answers what it cannot understand, and goes on", async () => {
  const { endpoint, peer, visit } = stage();
  peer.head(1, [...get(), ["connection", "x"]]);
  peer.head(3, [...get(), ["x", "y".repeat(200)]]);
  peer.head(5, get("/", "b.test"));
  peer.head(7, [[":method", "CONNECT"], [":protocol", "ip"], ...get().slice(1)], false);
  await peer.until(() => [1, 5, 7].every((id) => peer.on(id).ended));
  const status = (id: number) => peer.on(id).heads[0][0][1];
  assert.deepEqual([1, 5, 7].map(status), ["400", "421", "501"]);
  assert.match(peer.on(1).text, /"connection" has no place in HTTP\/2/);
  (await endpoint.nextStream()).send(OK);
  await peer.until(() => peer.on(3).ended);
  assert.equal(status(3), "200");
  peer.close();
  await visit.over;
});

test("serveHttp2() answers fields beyond the limit with 431", async () => {
  const { peer, visit } = stage({ maxFieldBytes: 1000 });
  peer.head(1, [...get(), ["x", "y".repeat(1000)]]);
  await peer.until(() => peer.on(1).ended);
  assert.equal(peer.on(1).heads[0][0][1], "431");
  peer.close();
  await visit.over;
});

test("serveHttp2() lets requests under way end when it drains, refuses later ones, and leaves", async () => {
  const { endpoint, peer, visit } = stage();
  peer.head(1, get());
  const agent = await endpoint.nextStream();
  visit.drain();
  peer.head(3, get());
  await peer.until(() => peer.lastStream !== undefined && peer.on(3).reset !== undefined);
  assert.equal(peer.on(3).reset, 7);
  agent.send(OK);
  await peer.over;
  assert.equal(peer.on(1).text, "ok");
  assert.equal(peer.goAway, 0);
  peer.close();
  await visit.over;
});

test("serveHttp2() ends a connection that asks nothing for too long", async () => {
  const { clock, peer, visit } = stage({ idleMs: 1000 });
  await settle();
  await clock.advance(1000);
  await peer.over;
  assert.equal(peer.goAway, 0);
  peer.close();
  await visit.over;
});

test("serveHttp2() cuts all of it when told to", async () => {
  const { endpoint, peer, visit } = stage();
  peer.head(1, get());
  const agent = await endpoint.nextStream();
  visit.abort();
  await visit.over;
  await agent.stream.closed;
  await peer.over;
});

/** What an agent gets for a request of HTTP/1.1. */
async function overHttp1(text: string): Promise<string> {
  const { endpoint, serving } = stage();
  const [near, far] = pair();
  const visit = serveHttp(new FakeConn(near, "a.test"), "https", serving);
  const visitor = new Peer(far);
  visitor.send(text);
  return await whatAgentGot(endpoint, () => visit.abort());
}

/** What an agent gets for a request of HTTP/2. */
async function overHttp2(
  fields: FieldList,
  content?: string,
  trailers?: FieldList,
): Promise<string> {
  const { endpoint, peer, visit } = stage();
  peer.head(1, fields, content === undefined);
  if (content !== undefined && content !== "") peer.data(1, content, !trailers);
  else if (content === "") peer.data(1, "", true);
  if (trailers) peer.head(1, trailers, true);
  return await whatAgentGot(endpoint, () => visit.abort());
}

async function whatAgentGot(endpoint: FakeEndpoint, end: () => void): Promise<string> {
  for (let turn = 0; turn < 5; turn++) await settle();
  if (endpoint.opened.length === 0) {
    end();
    return "nothing";
  }
  const text = await endpoint.opened[0].arrived();
  end();
  return text;
}

const H1 = "HTTP/1.1\r\nhost: a.test\r\n";
/** The same request in both, names in lower case, Host first: what else there is must be equal. */
const SAME: [string, string, FieldList, string?, FieldList?][] = [
  ["a GET", `GET / ${H1}\r\n`, get()],
  ["a query and odd characters", `GET /a%2Fb/../c?d=e&f|g ${H1}\r\n`, get("/a%2Fb/../c?d=e&f|g")],
  ["a HEAD", `HEAD / ${H1}\r\n`, [[":method", "HEAD"], ...get().slice(1)]],
  ["OPTIONS *", `OPTIONS * ${H1}\r\n`, [[":method", "OPTIONS"], ...get("*").slice(1)]],
  ["an unknown method", `BREW / ${H1}\r\n`, [[":method", "BREW"], ...get().slice(1)]],
  [
    "fields",
    `GET / ${H1}x-a: 1\r\nx-a: 2\r\nx-empty: \r\naccept: a, b\r\n\r\n`,
    [...get(), ["x-a", "1"], ["x-a", "2"], ["x-empty", ""], ["accept", "a, b"]],
  ],
  ["cookies", `GET / ${H1}cookie: a=1; b=2\r\n\r\n`, [...get(), ["cookie", "a=1"], [
    "cookie",
    "b=2",
  ]]],
  ["te", `GET / ${H1}te: trailers\r\n\r\n`, [...get(), ["te", "trailers"]]],
  [
    "what visitors say of themselves",
    `GET / ${H1}x-forwarded-for: 1.2.3.4\r\nx-forwarded-proto: http\r\n\r\n`,
    [...get(), ["x-forwarded-for", "1.2.3.4"], ["x-forwarded-proto", "http"]],
  ],
  [
    "proxy-authorization",
    `GET / ${H1}proxy-authorization: x\r\n\r\n`,
    [...get(), ["proxy-authorization", "x"]],
  ],
  [
    "content with a length",
    `POST / ${H1}content-length: 5\r\n\r\nhello`,
    post(["content-length", "5"]),
    "hello",
  ],
  [
    "no content, and saying so",
    `POST / ${H1}content-length: 0\r\n\r\n`,
    post(["content-length", "0"]),
  ],
  [
    "content without a length",
    `POST / ${H1}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    post(),
    "hello",
  ],
  [
    "trailers",
    `POST / ${H1}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n`,
    post(),
    "hello",
    [["x-sum", "1"]],
  ],
  ["no host", "GET / HTTP/1.1\r\n\r\n", get().filter(([name]) => name !== ":authority")],
  ["an empty host", "GET / HTTP/1.1\r\nhost: \r\n\r\n", get("/", "")],
  ["a host with a user", "GET / HTTP/1.1\r\nhost: u@a.test\r\n\r\n", get("/", "u@a.test")],
  ["another host", "GET / HTTP/1.1\r\nhost: b.test\r\n\r\n", get("/", "b.test")],
  [
    "two lengths",
    `POST / ${H1}content-length: 5\r\ncontent-length: 5\r\n\r\n`,
    post(
      ["content-length", "5"],
      ["content-length", "5"],
    ),
    "hello",
  ],
  [
    "a length with a sign",
    `POST / ${H1}content-length: +5\r\n\r\n`,
    post(["content-length", "+5"]),
    "hello",
  ],
  ["a fragment in the path", `GET /a#b ${H1}\r\n`, get("/a#b")],
  ["CONNECT", `CONNECT a.test:1 ${H1}\r\n`, [[":method", "CONNECT"], [":authority", "a.test:1"]]],
];

for (const [what, text, fields, content, trailers] of SAME) {
  test(`serveHttp2() gives the agent what HTTP/1.1 gives it: ${what}`, async () => {
    const expected = await overHttp1(text);
    assert.equal(await overHttp2(fields, content, trailers), expected);
    const isRefused = /host|length|fragment|CONNECT/.test(what) && !/content|no content/.test(what);
    assert.equal(expected === "nothing", isRefused, expected);
  });
}

test("latin1 bytes in fields reach the agent as they are", async () => {
  const got = await overHttp2([...get(), ["x", "\xe9"]]);
  assert.ok(latin1Bytes(got).includes(0xe9));
});
