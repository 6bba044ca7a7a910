/** Sessions of HTTP/2: messages, windows, farewells, and peers that break the rules. */
import assert from "node:assert/strict";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { pair } from "../../../../lib/base/duplex.ts";
import type { TunnelError } from "../../../../lib/base/errors.ts";
import { FLAG, FRAME } from "../../../../lib/http/h2/frame.ts";
import type { Http2Options, Http2Request } from "../../../../lib/http/h2/http2.ts";
import { connectHttp2, serveHttp2Session } from "../../../../lib/http/h2/session.ts";
import { get, H2Peer, post } from "../../../fakes/h2_peer.ts";
import { settle } from "../../../fakes/peer.ts";
import { test } from "../../../harness.ts";

function serve(
  options: Http2Options = {},
  onRequest: (request: Http2Request) => void = () => {},
  settings: [number, number][] = [],
  preface = true,
) {
  const clock = new FakeClock();
  const [near, far] = pair();
  const requests: Http2Request[] = [];
  const session = serveHttp2Session(near, clock, options, (request) => {
    requests.push(request);
    onRequest(request);
  });
  return { clock, session, requests, peer: new H2Peer(far, settings, preface), far };
}

function answer(request: Http2Request): void {
  request.sendHead([[":status", "200"]], false);
  request.write(new TextEncoder().encode("hello"));
  request.endWith([["x-sum", "5"]]);
}

test("serveHttp2Session() serves requests side by side, with content and trailers both ways", async () => {
  const { peer, requests, session } = serve();
  peer.head(1, post(), false);
  peer.head(3, get("/other"));
  peer.data(1, "abc");
  peer.head(1, [["x-last", "1"]], true);
  await settle();
  assert.deepEqual(requests.map((request) => request.fields.at(-1)?.[1]), ["/", "/other"]);
  assert.equal(requests[1].bodiless, true);
  assert.equal(new TextDecoder().decode(await requests[0].read()), "abc");
  assert.equal(await requests[0].read(), undefined);
  assert.deepEqual(requests[0].trailers, [["x-last", "1"]]);
  requests.forEach(answer);
  await peer.until(() => peer.on(1).ended && peer.on(3).ended);
  assert.equal(peer.on(3).text, "hello");
  assert.deepEqual(peer.on(1).heads, [[[":status", "200"]], [["x-sum", "5"]]]);
  session.close();
  peer.close();
  await session.closed;
});

test("connectHttp2() asks, hears interim heads, and waits while the peer allows no more streams", async () => {
  const clock = new FakeClock();
  const [near, far] = pair();
  const held: Http2Request[] = [];
  serveHttp2Session(far, clock, { maxStreams: 1 }, (request) => {
    request.sendHead([[":status", "103"], ["link", "x"]], false);
    held.push(request);
  });
  const client = connectHttp2(near, clock, {});
  await settle();
  const first = await client.request(get(), true);
  const second = client.request(get("/2"), true);
  assert.ok(second instanceof Promise);
  assert.deepEqual((await first.nextHead()).fields[0], [":status", "103"]);
  answer(held[0]);
  assert.deepEqual((await first.nextHead()).fields, [[":status", "200"]]);
  assert.equal(new TextDecoder().decode(await first.read()), "hello");
  assert.equal(await first.read(), undefined);
  assert.deepEqual(first.trailers, [["x-sum", "5"]]);
  const call = await second;
  await call.nextHead();
  answer(held[1]);
  assert.equal((await call.nextHead()).bodiless, false);
  while (await call.read() !== undefined);
  client.close();
  await client.closed;
  assert.throws(() => client.request(get(), true), { code: "session_closed" });
});

test("a stream whose peer's window is shut holds its writer back, and no other stream", async () => {
  let wrote = 0;
  const { peer, session } = serve({}, async (request) => {
    if (request.fields.at(-1)?.[1] === "/other") return answer(request);
    request.sendHead([[":status", "200"]], false);
    for (let count = 0; count < 100; count++) {
      wrote++;
      await request.write(new Uint8Array(16_384));
    }
    request.closeWrite();
  });
  peer.takes = false;
  peer.head(1, get());
  await peer.until(() => peer.on(1).bytes === 65_535);
  assert.ok(wrote <= 8, `it wrote ${wrote} chunks of 16 KiB`);
  peer.window(0, 1 << 20);
  peer.head(3, get("/other"));
  await peer.until(() => peer.on(3).ended);
  assert.equal(peer.on(1).bytes, 65_535);
  peer.takes = true;
  peer.window(1, 65_535);
  peer.window(0, 65_535);
  await peer.until(() => peer.on(1).ended);
  assert.equal(peer.on(1).bytes, 100 * 16_384);
  peer.close();
  await session.closed;
});

test("content that nobody reads is bounded by the stream's window; who sends more is reset", async () => {
  const { peer, requests, session } = serve({ streamWindowBytes: 100_000 });
  peer.head(1, post(), false);
  for (let count = 0; count < 6; count++) await peer.data(1, new Uint8Array(16_384));
  await settle();
  assert.equal(peer.on(1).reset, undefined);
  assert.equal(peer.counts[FRAME.windowUpdate], 1); // the connection's, at the beginning
  await peer.data(1, new Uint8Array(16_384));
  await peer.until(() => peer.on(1).reset !== undefined);
  assert.equal(peer.on(1).reset, 3);
  assert.throws(() => requests[0].read(), { code: "aborted" });
  peer.close();
  await session.closed;
});

test("reading opens the windows again", async () => {
  const { peer, requests, session } = serve({ streamWindowBytes: 65_536 });
  peer.head(1, post(), false);
  await settle();
  let got = 0;
  for (let count = 0; count < 64; count++) {
    await peer.data(1, new Uint8Array(16_384));
    got += (await requests[0].read())!.length;
  }
  assert.equal(got, 64 * 16_384);
  assert.equal(peer.on(1).reset, undefined);
  peer.close();
  await session.closed;
});

test("small pieces of content are put together and lose nothing", async () => {
  const { peer, requests, session } = serve();
  peer.head(1, post(), false);
  for (let count = 0; count < 5000; count++) await peer.data(1, String(count % 10));
  await settle();
  let text = "";
  let chunks = 0;
  while (text.length < 5000) {
    text += new TextDecoder().decode(await requests[0].read());
    chunks++;
  }
  assert.equal(text, "0123456789".repeat(500));
  assert.ok(chunks <= 4, `${chunks} chunks`);
  peer.close();
  await session.closed;
});

test("a stream that is taken back fails its reader and its writer", async () => {
  const { peer, requests, session } = serve();
  peer.head(1, post(), false);
  await settle();
  const reading = requests[0].read() as Promise<unknown>;
  peer.reset(1);
  await assert.rejects(reading, { code: "connection_reset" });
  assert.throws(() => requests[0].write(new Uint8Array(1)), { code: "connection_reset" });
  await requests[0].closed;
  peer.close();
  await session.closed;
});

test("endsAll() ends the request without an error once the answer has left", async () => {
  const { peer, session } = serve({}, (request) => {
    answer(request);
    request.endsAll();
  });
  peer.head(1, post(), false);
  await peer.until(() => peer.on(1).reset !== undefined);
  assert.equal(peer.on(1).ended, true);
  assert.equal(peer.on(1).reset, 0);
  peer.close();
  await session.closed;
});

test("close() says GOAWAY twice, serves what was asked before the second, and ends", async () => {
  const { peer, session, requests } = serve();
  peer.head(1, get());
  await settle();
  session.close();
  await peer.until(() => peer.lastStream === 2 ** 31 - 1 || peer.lastStream === 1);
  await peer.until(() => peer.lastStream === 1);
  answer(requests[0]);
  await peer.over;
  assert.equal(peer.on(1).text, "hello");
  assert.equal(peer.goAway, 0);
  peer.close();
  await session.closed;
});

const FAULTS: [string, number, (peer: H2Peer) => void | Promise<void>][] = [
  ["content of stream 0", 1, (peer) => peer.data(0, "x")],
  ["content of a stream that never was", 1, (peer) => peer.data(9, "x")],
  ["a stream with an even number", 1, (peer) => peer.head(2, get())],
  ["a push", 1, (peer) => peer.frame(FRAME.pushPromise, 4, 1, new Uint8Array(4))],
  [
    "a continuation of nothing",
    1,
    (peer) => peer.frame(FRAME.continuation, 4, 1, new Uint8Array(4)),
  ],
  ["an interrupted field section", 1, (peer) => {
    peer.frame(FRAME.headers, 0, 1, new Uint8Array(0));
    peer.frame(FRAME.ping, 0, 0, new Uint8Array(8));
  }],
  ["a short ping", 6, (peer) => peer.frame(FRAME.ping, 0, 0, new Uint8Array(7))],
  ["settings of a stream", 1, (peer) => peer.frame(FRAME.settings, 0, 1, new Uint8Array(6))],
  ["settings of a wrong length", 6, (peer) => peer.frame(FRAME.settings, 0, 0, new Uint8Array(5))],
  ["padding without end", 1, (peer) => {
    peer.head(1, post(), false);
    peer.frame(FRAME.data, FLAG.padded, 1, Uint8Array.of(9, 1));
  }],
  ["no field section", 9, (peer) => peer.frame(FRAME.headers, 5, 1, Uint8Array.of(0x80))],
  ["a connection window too large", 3, (peer) => peer.window(0, 2 ** 31 - 1)],
  ["continuations without end", 11, async (peer) => {
    peer.frame(FRAME.headers, 0, 1, new Uint8Array(10));
    for (let count = 0; count < 100; count++) {
      await peer.frame(FRAME.continuation, 0, 1, new Uint8Array(16_000));
    }
  }],
  ["empty continuations", 11, async (peer) => {
    peer.frame(FRAME.headers, 0, 1, new Uint8Array(10));
    for (let count = 0; count < 100; count++) {
      await peer.frame(FRAME.continuation, 0, 1, new Uint8Array(0));
    }
  }],
  ["a flood of pings", 11, async (peer) => {
    for (let count = 0; count < 11_000 && peer.goAway === undefined; count++) {
      await peer.frame(FRAME.ping, 0, 0, new Uint8Array(8));
    }
  }],
  ["a flood of empty content", 11, async (peer) => {
    peer.head(1, post(), false);
    for (let count = 0; count < 11_000 && peer.goAway === undefined; count++) {
      await peer.data(1, "");
    }
  }],
  ["rapid resets", 11, async (peer) => {
    for (let count = 0; count < 1_100 && peer.goAway === undefined; count++) {
      peer.head(2 * count + 1, get());
      await peer.reset(2 * count + 1);
    }
  }],
  ["faults that make us reset", 11, async (peer) => {
    for (let count = 0; count < 1_100 && peer.goAway === undefined; count++) {
      peer.head(2 * count + 1, get(), false);
      peer.frame(FRAME.windowUpdate, 0, 2 * count + 1, new Uint8Array(4));
      await settle();
    }
  }],
];

for (const [what, code, act] of FAULTS) {
  test(`a session is cut by ${what}`, async () => {
    const { peer, session } = serve();
    await settle(); // the greetings are over
    await act(peer);
    await session.closed;
    await peer.until(() => peer.goAway !== undefined);
    assert.equal(peer.goAway, code);
    peer.close();
    await peer.over;
  });
}

test("a session is cut that does not begin like HTTP/2, or without SETTINGS", async () => {
  for (
    const begin of [
      "GET / HTTP/1.1\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x08\x06\0\0\0\0\0abcdefgh",
    ]
  ) {
    const { peer, session, requests } = serve({}, () => {}, [], false);
    peer.send(new TextEncoder().encode(begin));
    await session.closed;
    assert.equal(requests.length, 0);
    peer.close();
    await peer.over;
  }
});

test("one stream is reset by content after its end, a head after its end, and a window of nothing", async () => {
  const acts: [number, (peer: H2Peer) => void][] = [
    [5, (peer) => void peer.data(1, "x")],
    [5, (peer) => void peer.head(1, get())],
    [1, (peer) => peer.window(1, 0)],
    [3, (peer) => peer.window(1, 2 ** 31 - 1)],
  ];
  const { peer, session } = serve();
  for (const [index, [code, act]] of acts.entries()) {
    const id = 2 * index + 1;
    peer.head(id, get());
    const moved = Object.create(peer, {
      data: { value: (_: number, text: string) => peer.data(id, text) },
      head: { value: () => peer.head(id, get()) },
      window: { value: (_: number, more: number) => peer.window(id, more) },
    });
    act(moved);
    await peer.until(() => peer.on(id).reset !== undefined);
    assert.equal(peer.on(id).reset, code);
  }
  assert.equal(peer.goAway, undefined);
  peer.close();
  await session.closed;
});

test("more streams than allowed are refused, and can be asked again", async () => {
  const { peer, session, requests } = serve({ maxStreams: 2 });
  for (const id of [1, 3, 5]) peer.head(id, get());
  await peer.until(() => peer.on(5).reset !== undefined);
  assert.equal(peer.on(5).reset, 7);
  assert.equal(requests.length, 2);
  peer.close();
  await session.closed;
});

test("a request whose fields are too large is handed over cut off, and said to be", async () => {
  const { peer, session, requests } = serve({ maxFieldBytes: 2000 });
  peer.head(1, [...get(), ["x", "y".repeat(1900)]]);
  await settle();
  assert.equal(requests[0].isTooLarge, true);
  peer.head(3, get());
  await settle();
  assert.equal(requests[1].isTooLarge, false);
  peer.close();
  await session.closed;
});

test("everything under way fails when the connection breaks", async () => {
  const { peer, session, requests, far } = serve();
  peer.head(1, post(), false);
  await settle();
  const reading = requests[0].read() as Promise<unknown>;
  far.abort();
  await assert.rejects(reading, (error: TunnelError) => error.code === "connection_reset");
  await session.closed;
});
