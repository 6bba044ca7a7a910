import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { toHex } from "../../../lib/base/bytes.ts";
import { FakeClock, systemClock } from "../../../lib/base/clock.ts";
import { type Chunk, type Duplex, pair, RawDuplex } from "../../../lib/base/duplex.ts";
import type { TunnelError } from "../../../lib/base/errors.ts";
import { lendBuffer, returnBuffer } from "../../../lib/base/loan.ts";
import { RESET } from "../../../lib/mux/frame.ts";
import type { Mux, MuxStream } from "../../../lib/mux/mux.ts";
import { createMux, type MuxOptions } from "../../../lib/mux/muxer.ts";
import { test } from "../../harness.ts";

interface Rig {
  edge: Mux;
  agent: Mux;
  close: () => Promise<void>;
}

function rig(
  onStream: (stream: MuxStream) => void,
  more: Partial<MuxOptions> = {},
  carriers = pair(),
): Rig {
  const clock = more.clock ?? systemClock;
  const edge = createMux(carriers[0], {
    role: "server",
    clock,
    onStream: () => {},
    ...more,
  });
  const agent = createMux(carriers[1], {
    role: "client",
    clock,
    onStream,
    ...more,
  });
  const close = async () => {
    await edge.close();
    await agent.closed;
  };
  return { edge, agent, close };
}

async function readAll(stream: Duplex): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = await stream.read();
    if (chunk === undefined) break;
    chunks.push(chunk);
  }
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}

async function echo(stream: MuxStream): Promise<void> {
  for (;;) {
    const chunk = await stream.read();
    if (chunk === undefined) break;
    await stream.write(chunk);
  }
  stream.closeWrite();
}

const text = (value: string) => new TextEncoder().encode(value);
const words = (bytes: Chunk) => new TextDecoder().decode(bytes);

/** Counts writes on their way through. */
class Counting extends RawDuplex {
  writes: Uint8Array[] = [];
  readonly #under: Duplex;
  constructor(under: Duplex) {
    super();
    this.#under = under;
  }
  get closed(): Promise<void> {
    return this.#under.closed;
  }
  protected readRaw(): Chunk | Promise<Chunk> {
    return this.#under.read();
  }
  write(chunk: Uint8Array): void | Promise<void> {
    this.writes.push(chunk);
    return this.#under.write(chunk);
  }
  closeWrite(): void | Promise<void> {
    return this.#under.closeWrite();
  }
  abort(reason?: unknown): void {
    this.#under.abort(reason);
  }
}

test("createMux() carries streams both ways, with type and header at once", async () => {
  const seen: string[] = [];
  const { edge, close } = rig(async (stream) => {
    seen.push(`${stream.id} ${stream.type} ${words(await stream.read())}`);
    stream.write(text("pong"));
    stream.closeWrite();
  });
  const stream = edge.open(3, text("ping"));
  assert.equal(words(await stream.read()), "pong");
  assert.equal(await stream.read(), undefined);
  stream.closeWrite();
  await stream.closed;
  assert.deepEqual(seen, ["2 3 ping"]);
  await close();
});

test("a mux stream keeps one direction open after the other has ended", async () => {
  const { edge, close } = rig(async (stream) => {
    const request = await readAll(stream);
    stream.write(text(`after your end: ${request.length}`));
    stream.closeWrite();
  });
  const stream = edge.open(3);
  await stream.write(new Uint8Array(1000));
  stream.closeWrite();
  assert.equal(words(await readAll(stream)), "after your end: 1000");
  await close();
});

test("a mux stream has Web Streams that behave", async () => {
  const { edge, close } = rig((stream) => void stream.readable.pipeTo(stream.writable));
  const stream = edge.open(3);
  const writer = stream.writable.getWriter();
  await writer.write(text("through the streams"));
  await writer.close();
  const got = await new Response(stream.readable).text();
  assert.equal(got, "through the streams");
  await close();
});

test("a mux moves 20 MB through one stream unchanged while 20 others work", async () => {
  const { edge, agent, close } = rig(
    (stream) => void echo(stream),
    {},
    pair({ highWaterBytes: 1 << 20 }),
  );
  edge.allowWindowGrowth();
  agent.allowWindowGrowth();
  const sent = createHash("sha256");
  const got = createHash("sha256");
  const bulk = edge.open(3);
  const sending = (async () => {
    for (let i = 0; i < 320; i++) {
      const chunk = new Uint8Array(65_536).fill(i & 255);
      sent.update(chunk);
      await bulk.write(chunk);
    }
    bulk.closeWrite();
  })();
  const receiving = (async () => {
    let total = 0;
    for (;;) {
      const chunk = await bulk.read();
      if (chunk === undefined) return total;
      total += chunk.length;
      got.update(chunk);
    }
  })();
  const small = Array.from({ length: 20 }, async (_, i) => {
    const stream = edge.open(3, text(`stream ${i}`));
    stream.closeWrite();
    assert.equal(words(await readAll(stream)), `stream ${i}`);
  });
  await Promise.all([sending, ...small]);
  assert.equal(await receiving, 320 * 65_536);
  assert.equal(got.digest("hex"), sent.digest("hex"));
  await close();
});

test("a mux carries 10,000 short streams and keeps none", async () => {
  const { edge, agent, close } = rig((stream) => void echo(stream));
  for (let round = 0; round < 100; round++) {
    await Promise.all(Array.from({ length: 100 }, async () => {
      const stream = edge.open(3, text("hello"));
      stream.closeWrite();
      assert.equal(words(await readAll(stream)), "hello");
    }));
  }
  assert.deepEqual([edge.openStreams, agent.openStreams], [0, 0]);
  await close();
});

test("a stalled reader stops its writer and nobody else", async () => {
  const stalled: MuxStream[] = [];
  const { edge, close } = rig((stream) => {
    if (stream.type === 99) stalled.push(stream);
    else void echo(stream);
  });
  const slow = edge.open(99);
  let accepted = 0;
  let full: void | Promise<void>;
  do {
    full = slow.write(new Uint8Array(16_384));
    accepted += 16_384;
  } while (!full);
  // The window drains the queue once; after that nothing moves.
  await full;
  for (;;) {
    const next = slow.write(new Uint8Array(16_384));
    accepted += 16_384;
    if (next) {
      let moved = false;
      void next.then(() => moved = true, () => {});
      for (let i = 0; i < 50; i++) {
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      if (!moved) break;
    }
  }
  assert.ok(
    accepted <= 262_144 + 2 * 131_072 + 16_384,
    `${accepted} bytes were accepted`,
  );
  for (let i = 0; i < 20; i++) {
    const quick = edge.open(3, text("quick"));
    quick.closeWrite();
    assert.equal(words(await readAll(quick)), "quick");
  }
  slow.reset(RESET.streamCancelled);
  await close();
});

test("a mux writes what one turn produced in one write", async () => {
  const [left, right] = pair();
  const counted = new Counting(left);
  const { edge, close } = rig((stream) => void echo(stream), {}, [
    counted,
    right,
  ]);
  const streams = Array.from({ length: 50 }, () => edge.open(3, text("x")));
  for (const stream of streams) {
    stream.write(text("y"));
    stream.closeWrite();
  }
  await Promise.all(streams.map(readAll));
  assert.equal(counted.writes.length, 1);
  await close();
});

test("Mux.startHeartbeat() measures the link and keeps heartbeats out of openStreams", async () => {
  const { edge, agent, close } = rig(() => {});
  const beat = new Promise<number>((resolve) => edge.startHeartbeat(1000, 1000, resolve));
  assert.ok(await beat >= 0);
  assert.ok(edge.latencyMs !== undefined);
  assert.deepEqual([edge.openStreams, agent.openStreams], [0, 0]);
  await close();
});

test("Mux.startHeartbeat() ends the mux of a peer that has died silently", async () => {
  const clock = new FakeClock();
  const [left, _silent] = pair();
  const mux = createMux(left, { role: "server", clock, onStream: () => {} });
  mux.startHeartbeat(10_000, 15_000);
  const stream = mux.open(3);
  const reading = (async () => await stream.read())();
  reading.catch(() => {});
  await clock.advance(25_000);
  const end = await mux.closed;
  assert.equal(end.error?.code, "heartbeat_lost");
  await assert.rejects(
    reading,
    (error: TunnelError) => error.code === "session_closed" && error.cause === end.error,
    "a stream tells the end of its session from its own",
  );
});

test("Mux.ping() tells a live peer from a silent one", async () => {
  const { edge, close } = rig(() => {});
  assert.ok(await edge.ping(10_000) !== undefined);
  await close();
  const clock = new FakeClock();
  const [left, _silent] = pair();
  const mux = createMux(left, { role: "server", clock, onStream: () => {} });
  const answer = mux.ping(2_000);
  await clock.advance(2_000);
  assert.equal(await answer, undefined);
  mux.abort();
});

test("a peer's heartbeat is echoed before anything else is known of it", async () => {
  const [left, right] = pair();
  const mux = createMux(left, {
    role: "server",
    clock: systemClock,
    onStream: () => assert.fail("not ours to see"),
  });
  // The SDK's first frames (wire-protocol 4), byte by byte.
  const first = [
    0,
    0,
    4,
    0x12,
    0,
    0,
    0,
    3,
    255,
    255,
    255,
    255,
    0,
    0,
    4,
    0x10,
    0,
    0,
    0,
    3,
    1,
    2,
    3,
    4,
  ];
  for (const byte of first) right.write(Uint8Array.of(byte));
  let got = "";
  while (got.length < 24) got += toHex(await right.read() ?? new Uint8Array(0));
  assert.equal(got, "000004100000000301020304");
  mux.abort();
});

test("a mux answers a silent read with an empty frame on the peer's heartbeat when asked to", async () => {
  const [left, right] = pair();
  const mux = createMux(left, {
    role: "server",
    clock: systemClock,
    ackNudge: true,
    onStream: () => {},
  });
  right.write(Uint8Array.from([0, 0, 4, 0x12, 0, 0, 0, 3, 255, 255, 255, 255]));
  // The heartbeat's own echo may come first; then a frame that needs no answer is nudged.
  await new Promise((resolve) => setTimeout(resolve, 1));
  right.write(Uint8Array.from([0, 0, 4, 0x20, 0, 0, 0, 9, 0, 0, 0, 1]));
  const got = toHex(await right.read() ?? new Uint8Array(0));
  assert.equal(got.slice(-16), "0000001000000003");
  mux.abort();
});

test("Mux.close() lets queued bytes and GOAWAY out, and both ends end without an error", async () => {
  const arrived: string[] = [];
  const { edge, agent } = rig(async (stream) => {
    try {
      for (;;) {
        const chunk = await stream.read();
        if (chunk === undefined) break;
        arrived.push(words(chunk));
      }
    } catch {
      arrived.push("cut");
    }
  });
  edge.open(3, text("last words"));
  await edge.close(RESET.noError, "so long");
  const end = await agent.closed;
  assert.equal(end.error, undefined);
  assert.deepEqual(end.goAway, { code: 0, text: "so long" });
  assert.deepEqual(arrived, ["last words", "cut"]);
  assert.throws(
    () => agent.open(3),
    (error: TunnelError) => error.code === "session_closed",
  );
});

test("Mux.close() does not wait for a peer that never reads", async () => {
  const clock = new FakeClock();
  const [left, _silent] = pair();
  const mux = createMux(left, { role: "server", clock, onStream: () => {} });
  const closing = mux.close();
  await clock.advance(1_000);
  await closing;
  assert.equal((await mux.closed).error, undefined);
});

test("a mux says GOAWAY to a peer that breaks the protocol and tells its owner why", async () => {
  const [left, right] = pair();
  const mux = createMux(left, {
    role: "server",
    clock: systemClock,
    onStream: () => {},
  });
  right.write(Uint8Array.from([0, 0, 1, 0x10, 0, 0, 0, 0, 1]));
  const goodbye = await right.read();
  assert.equal(goodbye?.[3], 0x30);
  right.closeWrite();
  const end = await mux.closed;
  assert.equal(end.error?.code, "mux_protocol");
  assert.match(end.error?.message ?? "", /stream 0/);
});

test("a mux whose carrier dies fails its streams but lets what arrived be read", async () => {
  const [left, right] = pair();
  const agent = createMux(right, {
    role: "client",
    clock: systemClock,
    onStream: () => {},
  });
  const edge = createMux(left, {
    role: "server",
    clock: systemClock,
    onStream: (stream) => {
      stream.write(text("all there is"));
    },
  });
  const stream = agent.open(3);
  stream.write(text("go"));
  const first = await stream.read();
  assert.equal(words(first), "all there is");
  stream.unread(first!);
  edge.abort();
  const end = await agent.closed;
  assert.equal(end.error?.code, "connection_reset");
  assert.equal(words(await stream.read()), "all there is");
  await assert.rejects(async () => await stream.read());
  assert.throws(() => stream.write(text("x")));
});

test("a stream that the peer resets fails its reader and its writer", async () => {
  const { edge, close } = rig((stream) => stream.reset(RESET.streamRefused));
  const stream = edge.open(3, text("hello?"));
  await assert.rejects(
    async () => await stream.read(),
    (error: TunnelError) => error.code === "stream_refused",
  );
  assert.throws(() => stream.write(text("x")));
  await stream.closed;
  await close();
});

test("Mux.open() refuses beyond maxStreams", async () => {
  const { edge, close } = rig(() => {}, { maxStreams: 2 });
  edge.open(3);
  edge.open(3);
  assert.throws(
    () => edge.open(3),
    (error: TunnelError) => error.code === "streams_exhausted",
  );
  await close();
});

/** A carrier that is always full for a moment; it passes copies on, and may spoil what it was given. */
class Full extends RawDuplex {
  readonly returnsWrites: boolean;
  readonly #inner: Duplex;
  readonly given: Uint8Array[] = [];

  constructor(inner: Duplex, returnsWrites: boolean) {
    super();
    this.#inner = inner;
    this.returnsWrites = returnsWrites;
  }
  get closed(): Promise<void> {
    return this.#inner.closed;
  }
  protected readRaw(): Chunk | Promise<Chunk> {
    return this.#inner.read();
  }
  async write(chunk: Uint8Array): Promise<void> {
    this.given.push(chunk);
    await Promise.resolve();
    await this.#inner.write(chunk.slice());
    if (this.returnsWrites) chunk.fill(0xee);
  }
  closeWrite(): void | Promise<void> {
    return this.#inner.closeWrite();
  }
  abort(reason?: unknown): void {
    this.#inner.abort(reason);
  }
}

for (const returnsWrites of [false, true]) {
  const does = returnsWrites ? "uses the memory of a write again" : "leaves a write alone";
  test(`a mux ${does} on a carrier whose returnsWrites is ${returnsWrites}`, async () => {
    const [left, right] = pair();
    const full = new Full(left, returnsWrites);
    const sums: string[] = [];
    let done = () => {};
    const all = new Promise<void>((resolve) => done = resolve);
    const { edge, close } = rig(
      async (stream) => {
        const hash = createHash("sha256");
        for (let chunk = await stream.read(); chunk; chunk = await stream.read()) {
          hash.update(chunk);
        }
        stream.closeWrite();
        if (sums.push(hash.digest("hex")) === 3) done();
      },
      {},
      [full, right],
    );
    const body = new Uint8Array(1_000_000).map((_, at) => at * 7 + (at >> 9));
    const streams = Array.from({ length: 3 }, () => edge.open(3));
    await Promise.all(streams.map(async (stream) => {
      for (let at = 0; at < body.length; at += 60_000) {
        await stream.write(body.slice(at, at + 60_000));
      }
      stream.closeWrite();
    }));
    await all;
    const wanted = createHash("sha256").update(body).digest("hex");
    assert.deepEqual(sums, [wanted, wanted, wanted]);
    const large = full.given.filter((bytes) => bytes.length >= 32 * 1024);
    const memories = new Set(large.map((bytes) => bytes.buffer));
    if (returnsWrites) assert.ok(memories.size < large.length / 2);
    else assert.equal(memories.size, large.length);
    await close();
  });
}

test("Mux hands out views of what its carrier lent, and the last one given away frees all", async () => {
  const carriers = pair();
  const lent: Uint8Array[] = [];
  const read = carriers[1].read.bind(carriers[1]);
  carriers[1].read = () => {
    const note = (chunk: Chunk) => {
      const own = chunk?.slice(); // a socket's chunk is all of its buffer
      if (own) lendBuffer(own);
      if (own && own.length > 100_000) lent.push(own);
      return own;
    };
    const next = read();
    return next instanceof Promise ? next.then(note) : note(next);
  };
  const streams: MuxStream[] = [];
  const { edge, close } = rig((stream) => void streams.push(stream), {}, carriers);
  const [one, other] = [edge.open(1), edge.open(1)];
  while (streams.length < 2) await new Promise((resolve) => setTimeout(resolve, 0));
  const waiting = streams.map((stream) => stream.read());
  // Both leave in one write of the carrier, and so arrive in one chunk.
  one.write(new Uint8Array(60_000).fill(1));
  other.write(new Uint8Array(60_000).fill(2));
  const chunks = await Promise.all(waiting) as Uint8Array[];
  assert.deepEqual(chunks.map((chunk) => [chunk.length, chunk[59_999]]), [[60_000, 1], [
    60_000,
    2,
  ]]);
  assert.equal(lent.length, 1);
  returnBuffer(chunks[0]);
  assert.equal(chunks[1][0], 2, "the other one is still being looked at");
  returnBuffer(chunks[1]);
  assert.equal(lent[0].length, 0);
  await close();
});

test("MuxStream.give() sends what write() sends, and frees it when it has left", async () => {
  const arrived: Promise<Uint8Array>[] = [];
  const { edge, close } = rig((stream) => void arrived.push(readAll(stream)));
  const stream = edge.open(1);
  const chunk = new Uint8Array(50_000).fill(7);
  lendBuffer(chunk);
  await stream.give!(chunk);
  stream.closeWrite();
  while (arrived.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  const all = await arrived[0];
  assert.deepEqual([all.length, all[0], all[49_999]], [50_000, 7, 7]);
  assert.equal(chunk.length, 0);
  await close();
});
