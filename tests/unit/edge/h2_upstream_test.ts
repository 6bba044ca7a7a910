/** Services that speak HTTP/2, asked in HTTP/1.1. */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { Http2Upstreams } from "../../../lib/edge/h2_upstream.ts";
import type { Http2Request } from "../../../lib/http/h2/http2.ts";
import { serveHttp2Session } from "../../../lib/http/h2/session.ts";
import type { MuxStream } from "../../../lib/mux/mux.ts";
import { FakeStream } from "../../fakes/edge_visit.ts";
import { latin1Bytes, latin1Text, settle } from "../../fakes/peer.ts";
import { test } from "../../harness.ts";

const TARGET = { id: "ep_1", forwardsTo: "http://localhost:8080" };
const GET = "GET /x HTTP/1.1\r\nhost: a.test\r\nx-forwarded-proto: https\r\n\r\n";

function stage() {
  const clock = new FakeClock();
  const requests: Http2Request[] = [];
  const streams: FakeStream[] = [];
  const upstreams = new Http2Upstreams({ clock, keepMs: 1000 });
  const dial = (): Promise<MuxStream> => {
    const [near, far] = pair();
    streams.push(new FakeStream(2 * streams.length + 2, near));
    serveHttp2Session(far, clock, {}, (request) => requests.push(request));
    return Promise.resolve(streams.at(-1)!);
  };
  return { clock, requests, streams, upstreams, open: () => upstreams.open(TARGET, dial) };
}

async function readAll(stream: MuxStream): Promise<string> {
  let text = "";
  for (;;) {
    const chunk = await stream.read();
    if (chunk === undefined) return text;
    text += latin1Text(chunk);
  }
}

test("Http2Upstreams asks over one session, and answers come back as HTTP/1.1", async () => {
  const { requests, streams, upstreams, open } = stage();
  const [one, two] = [await open(), await open()];
  one.write(latin1Bytes(GET));
  two.write(latin1Bytes("POST / HTTP/1.1\r\nhost: a.test\r\ntransfer-encoding: chunked\r\n\r\n"));
  two.write(latin1Bytes("5\r\nhello\r\n0\r\nx-sum: 5\r\n\r\n"));
  await settle();
  assert.equal(streams.length, 1);
  assert.deepEqual(requests[0].fields, [
    [":method", "GET"],
    [":scheme", "http"],
    [":authority", "a.test"],
    [":path", "/x"],
    ["x-forwarded-proto", "https"],
  ]);
  assert.equal(requests[0].bodiless, true);
  assert.equal(latin1Text((await requests[1].read())!), "hello");
  assert.equal(await requests[1].read(), undefined);
  assert.deepEqual(requests[1].trailers, [["x-sum", "5"]]);
  requests[0].sendHead([[":status", "103"], ["link", "x"]], false);
  requests[0].sendHead([[":status", "200"], ["content-length", "2"]], false);
  requests[0].write(latin1Bytes("ok"));
  requests[0].closeWrite();
  assert.equal(
    await readAll(one),
    "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
  );
  requests[1].sendHead([[":status", "200"]], false);
  requests[1].write(latin1Bytes("hi"));
  requests[1].endWith([["grpc-status", "0"]]);
  assert.equal(
    await readAll(two),
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\ngrpc-status: 0\r\n\r\n",
  );
  upstreams.close();
});

test("Http2Upstreams passes an answer without content on as one", async () => {
  const { requests, upstreams, open } = stage();
  const call = await open();
  call.write(latin1Bytes(GET));
  await settle();
  requests[0].sendHead([[":status", "200"], ["grpc-status", "5"]], true);
  assert.equal(
    await readAll(call),
    "HTTP/1.1 200 OK\r\ngrpc-status: 5\r\nContent-Length: 0\r\n\r\n",
  );
  await call.closed;
  upstreams.close();
});

test("Http2Upstreams cancels one request and leaves the session to the others", async () => {
  const { requests, upstreams, streams, open } = stage();
  const [one, two] = [await open(), await open()];
  one.write(latin1Bytes(GET));
  two.write(latin1Bytes(GET));
  await settle();
  one.reset(6);
  await requests[0].closed;
  requests[1].sendHead([[":status", "204"]], true);
  assert.equal(await readAll(two), "HTTP/1.1 204 No Content\r\n\r\n");
  assert.deepEqual(streams[0].ends, []);
  upstreams.close();
});

test("Http2Upstreams ends a session that nobody uses, and dials again when asked", async () => {
  const { clock, requests, streams, upstreams, open } = stage();
  const call = await open();
  call.write(latin1Bytes(GET));
  await settle();
  requests[0].sendHead([[":status", "204"]], true);
  await readAll(call);
  await settle();
  await clock.advance(1000);
  await settle();
  assert.deepEqual(streams[0].ends, ["fin"]);
  const next = await open();
  next.write(latin1Bytes(GET));
  await settle();
  assert.equal(streams.length, 2);
  upstreams.close();
  next.abort();
});

test("Http2Upstreams passes on what an agent says in HTTP/1.1", async () => {
  const [near, far] = pair();
  const upstreams = new Http2Upstreams({ clock: new FakeClock(), keepMs: 0 });
  const call = await upstreams.open(TARGET, () => Promise.resolve(new FakeStream(2, near)));
  call.write(latin1Bytes(GET));
  await settle();
  far.write(latin1Bytes("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\n"));
  far.write(latin1Bytes("gone"));
  far.closeWrite();
  assert.equal(
    await readAll(call),
    "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\ngone",
  );
  call.abort();
});

test("Http2Upstreams says so when the service speaks HTTP/1.1 alone", async () => {
  const [near, far] = pair();
  const upstreams = new Http2Upstreams({ clock: new FakeClock(), keepMs: 0 });
  const call = await upstreams.open(TARGET, () => Promise.resolve(new FakeStream(2, near)));
  call.write(latin1Bytes(GET));
  await settle();
  far.write(latin1Bytes("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
  await assert.rejects(
    readAll(call),
    /it is HTTP\/1\.1, and HTTP\/2 was asked for: leave --upstream-protocol http2 out/,
  );
  call.abort();
});

test("Http2Upstreams fails a request whose service breaks off", async () => {
  const { requests, upstreams, open } = stage();
  const call = await open();
  call.write(latin1Bytes(GET));
  await settle();
  requests[0].sendHead([[":status", "200"]], false);
  assert.match(latin1Text((await call.read())!), /^HTTP\/1\.1 200/);
  const reading = call.read() as Promise<unknown>;
  requests[0].reset(2);
  await assert.rejects(reading, { code: "connection_reset" });
  upstreams.close();
});

test("Http2Upstreams tells who asks when there is no agent, and tries anew the next time", async () => {
  const upstreams = new Http2Upstreams({ clock: new FakeClock(), keepMs: 0 });
  const fails = () => Promise.reject(new Error("no agent"));
  await assert.rejects(upstreams.open(TARGET, fails), /no agent/);
  await assert.rejects(upstreams.open(TARGET, fails), /no agent/);
  upstreams.close();
});
