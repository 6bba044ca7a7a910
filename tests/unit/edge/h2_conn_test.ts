/** One request of HTTP/2 as a connection of HTTP/1.1. */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { Http2Conn } from "../../../lib/edge/h2_conn.ts";
import { serveHttp2Session } from "../../../lib/http/h2/session.ts";
import { type FieldList, http1Request } from "../../../lib/http/http2_request.ts";
import { FakeConn } from "../../fakes/edge_visit.ts";
import { get, H2Peer, post } from "../../fakes/h2_peer.ts";
import { settle } from "../../fakes/peer.ts";
import { test } from "../../harness.ts";

async function open(fields: FieldList, end: boolean): Promise<{ peer: H2Peer; conn: Http2Conn }> {
  const [near, far] = pair();
  const carrier = new FakeConn(near, "a.test");
  const conns: Http2Conn[] = [];
  serveHttp2Session(carrier, new FakeClock(), {}, (stream) => {
    const { bodiless } = stream;
    const request = http1Request(stream.fields, {
      bodiless,
      scheme: "https",
      webSocketKey: () => "K",
    });
    conns.push(new Http2Conn(stream, request, carrier));
  });
  const peer = new H2Peer(far);
  peer.head(1, fields, end);
  await settle();
  return { peer, conn: conns[0] };
}

async function text(conn: Http2Conn): Promise<string> {
  return new TextDecoder().decode(await conn.read());
}

const bytes = (text: string) => new TextEncoder().encode(text);

test("Http2Conn reads as HTTP/1.1: head, chunks, trailers, and the end once it is answered", async () => {
  const { peer, conn } = await open(post(), false);
  assert.match(
    await text(conn),
    /^POST \/ HTTP\/1\.1\r\nhost: a\.test\r\ntransfer-encoding: chunked/,
  );
  peer.data(1, "hello");
  assert.equal(await text(conn), "5\r\nhello\r\n");
  peer.head(1, [["x-sum", "5"]], true);
  assert.equal(await text(conn), "0\r\nx-sum: 5\r\n\r\n");
  const next = conn.read();
  conn.write(bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  assert.equal(await next, undefined);
  await peer.until(() => peer.on(1).ended);
  assert.equal(peer.on(1).text, "ok");
  peer.close();
});

test("Http2Conn refuses content that is not as long as promised", async () => {
  for (const [content, end] of [["abcdef", false], ["abc", true]] as const) {
    const { peer, conn } = await open(post(["content-length", "5"]), false);
    await conn.read();
    peer.data(1, content, end);
    await assert.rejects(async () => {
      while (await conn.read() !== undefined);
    }, { code: "http_invalid" });
    conn.abort();
    await peer.until(() => peer.on(1).reset !== undefined);
    assert.equal(peer.on(1).reset, 1);
    peer.close();
  }
});

test("Http2Conn resets a response that is not completed", async () => {
  const { peer, conn } = await open(get(), true);
  conn.write(bytes("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\npart"));
  conn.closeWrite();
  await peer.until(() => peer.on(1).reset !== undefined);
  assert.equal(peer.on(1).ended, false);
  peer.close();
});

test("Http2Conn ends a request that nobody reads any more, after the answer", async () => {
  const { peer, conn } = await open(post(), false);
  await conn.read();
  const reading = conn.read();
  conn.write(bytes("HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n"));
  conn.closeWrite();
  assert.equal(await reading, undefined);
  await peer.until(() => peer.on(1).reset !== undefined);
  assert.equal(peer.on(1).ended, true);
  assert.equal(peer.on(1).reset, 0);
  peer.close();
});

test("Http2Conn tells its reader when the visitor takes the request back", async () => {
  const { peer, conn } = await open(get(), true);
  await conn.read();
  const reading = conn.read() as Promise<unknown>;
  peer.reset(1);
  await assert.rejects(reading, { code: "connection_reset" });
  peer.close();
});

test("Http2Conn carries a WebSocket's bytes both ways", async () => {
  const { peer, conn } = await open(
    [[":method", "CONNECT"], [":protocol", "websocket"], ...get().slice(1)],
    false,
  );
  assert.match(await text(conn), /^GET \/ HTTP\/1\.1\r\n.*\r\nupgrade: websocket\r\n/s);
  conn.write(bytes("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"));
  await peer.until(() => peer.on(1).heads.length > 0);
  assert.deepEqual(peer.on(1).heads, [[[":status", "200"]]]);
  peer.data(1, "frame");
  assert.equal(await text(conn), "frame");
  conn.write(bytes("back"));
  conn.closeWrite();
  await peer.until(() => peer.on(1).ended);
  assert.equal(peer.on(1).text, "back");
  peer.data(1, "", true);
  assert.equal(await conn.read(), undefined);
  peer.close();
});
