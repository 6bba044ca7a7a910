import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "../../harness.ts";
import { concat, decodeText, encodeText } from "../../../lib/base/bytes.ts";
import { type Chunk, type Duplex, join, pair, RawDuplex } from "../../../lib/base/duplex.ts";
import { lendBuffer, returnBuffer } from "../../../lib/base/loan.ts";
import { TunnelError } from "../../../lib/base/errors.ts";

const text = encodeText;

/** Chunks as a peer may send them: none is empty, contents tell order mistakes apart. */
const chunksArbitrary = fc.array(
  fc.uint8Array({ minLength: 1, maxLength: 200 }),
  { maxLength: 25 },
);
const highWaterArbitrary = fc.constantFrom(0, 1, 7, 64, 1000, 65536);

/** How many turns of the microtask queue somebody dawdles before each step. */
const pausesArbitrary = fc.array(fc.nat(6), { minLength: 1, maxLength: 8 });

async function dawdle(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}

async function sendAll(
  to: Duplex,
  chunks: readonly Uint8Array[],
  pauses = [0],
): Promise<void> {
  for (let at = 0; at < chunks.length; at++) {
    await dawdle(pauses[at % pauses.length]);
    await to.write(chunks[at]);
  }
  await to.closeWrite();
}

async function readAll(from: Duplex, pauses = [0]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let at = 0;; at++) {
    await dawdle(pauses[at % pauses.length]);
    const chunk = await from.read();
    if (chunk === undefined) return concat(chunks);
    assert.ok(chunk.length > 0, "a chunk is never empty");
    chunks.push(chunk);
  }
}

async function readText(from: Duplex): Promise<string | undefined> {
  const chunk = await from.read();
  return chunk && decodeText(chunk);
}

/** Whether a promise has settled once all that can run has run. */
async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = () => settled = true;
  promise.then(note, note);
  await dawdle(50);
  return settled;
}

function codeOf(thrown: unknown): string {
  assert.ok(thrown instanceof TunnelError, String(thrown));
  return thrown.code;
}

async function readFailure(from: Duplex): Promise<TunnelError> {
  try {
    for (;;) assert.notEqual(await from.read(), undefined, "ended well");
  } catch (thrown) {
    if (thrown instanceof TunnelError) return thrown;
    throw thrown;
  }
}

/** A carrier made of functions, to misbehave with. */
class Scripted extends RawDuplex {
  readonly calls: string[] = [];
  readonly closed: Promise<void>;
  #setClosed!: () => void;
  readonly #script: Partial<Pick<Duplex, "read" | "write" | "closeWrite">>;

  constructor(script: Partial<Pick<Duplex, "read" | "write" | "closeWrite">>) {
    super();
    this.#script = script;
    this.closed = new Promise((resolve) => this.#setClosed = resolve);
  }

  protected readRaw(): Chunk | Promise<Chunk> {
    this.calls.push("read");
    return this.#script.read?.();
  }

  write(chunk: Uint8Array): void | Promise<void> {
    this.calls.push(`write ${decodeText(chunk)}`);
    return this.#script.write?.(chunk);
  }

  closeWrite(): void | Promise<void> {
    this.calls.push("closeWrite");
    return this.#script.closeWrite?.();
  }

  abort(reason?: unknown): void {
    this.calls.push(
      `abort ${reason instanceof Error ? reason.message : reason}`,
    );
    this.#setClosed();
  }

  takeBack(): Uint8Array[] {
    return this.takeUnread();
  }
}

/** A carrier that gives these texts one after the other, at once, then its end. */
function giving(
  texts: readonly string[],
  script: Partial<Duplex> = {},
): Scripted {
  const left = texts.map(text);
  return new Scripted({ read: () => left.shift(), ...script });
}

// pair()

test("pair() carries any chunks both ways, in order, however slow either side is", async () => {
  await fc.assert(
    fc.asyncProperty(
      chunksArbitrary,
      chunksArbitrary,
      highWaterArbitrary,
      pausesArbitrary,
      pausesArbitrary,
      async (there, back, highWaterBytes, slowWriter, slowReader) => {
        const [a, b] = pair({ highWaterBytes });
        const [atA, atB] = await Promise.all([
          readAll(a, slowReader),
          readAll(b, slowReader),
          sendAll(a, there, slowWriter),
          sendAll(b, back, slowWriter),
        ]);
        assert.deepEqual(atB, concat(there));
        assert.deepEqual(atA, concat(back));
        await Promise.all([a.closed, b.closed]);
      },
    ),
  );
});

test("pair() hands a chunk over without a copy, whether the reader waits or not", async () => {
  const [a, b] = pair();
  const early = text("early");
  a.write(early);
  assert.equal(b.read(), early);
  const waiting = b.read();
  const late = text("late");
  a.write(late);
  assert.equal(await waiting, late);
});

test("pair() answers a read at once when bytes are at hand", () => {
  const [a, b] = pair();
  a.write(text("x"));
  assert.ok(b.read() instanceof Uint8Array);
  a.closeWrite();
  assert.equal(b.read(), undefined);
});

test("pair() never delivers an empty chunk", async () => {
  const [a, b] = pair();
  const waiting = b.read() as Promise<Chunk>;
  a.write(new Uint8Array(0));
  assert.equal(await hasSettled(waiting), false);
  a.write(text("x"));
  assert.equal(decodeText((await waiting)!), "x");
});

test("pair() says full at the high-water mark and settles once the reader is below it", async () => {
  const [a, b] = pair({ highWaterBytes: 10 });
  assert.equal(a.write(text("123456789")), undefined);
  const full = a.write(text("0")) as Promise<void>;
  assert.ok(full instanceof Promise);
  assert.equal(await hasSettled(full), false);
  assert.equal(await readText(b), "123456789");
  assert.equal(await hasSettled(full), true);
});

test("pair() keeps a writer waiting while the reader is still above the mark", async () => {
  const [a, b] = pair({ highWaterBytes: 4 });
  a.write(text("12"));
  const full = a.write(text("345678")) as Promise<void>;
  await b.read();
  assert.equal(await hasSettled(full), false);
  await b.read();
  assert.equal(await hasSettled(full), true);
});

test("pair() whose directions hold nothing still moves, one chunk at a time", async () => {
  const [a, b] = pair({ highWaterBytes: 0 });
  const full = a.write(text("x")) as Promise<void>;
  assert.equal(await hasSettled(full), false);
  assert.equal(await readText(b), "x");
  await full;
});

test("pair() bounds one direction without a thought for the other", async () => {
  const [a, b] = pair({ highWaterBytes: 1 });
  const full = a.write(text("stuck")) as Promise<void>;
  const answered = b.write(text("free"));
  assert.equal(await readText(a), "free");
  await answered;
  assert.equal(await hasSettled(full), false);
  b.abort();
  await assert.rejects(full);
});

test("pair() lets one direction end while the other goes on", async () => {
  const [a, b] = pair();
  a.write(text("ask"));
  a.closeWrite();
  assert.equal(await readText(b), "ask");
  assert.equal(b.read(), undefined);
  assert.equal(b.read(), undefined);
  for (const part of ["one", "two"]) {
    b.write(text(part));
    assert.equal(await readText(a), part);
  }
  b.closeWrite();
  assert.equal(await a.read(), undefined);
});

test("pair() wakes a waiting reader with the end", async () => {
  const [a, b] = pair();
  const waiting = b.read();
  a.closeWrite();
  assert.equal(await waiting, undefined);
});

test("pair() refuses to write after its own end, and ending twice is harmless", () => {
  const [a, b] = pair();
  a.closeWrite();
  a.closeWrite();
  assert.throws(
    () => a.write(text("x")),
    (thrown) => codeOf(thrown) === "connection_closed",
  );
  assert.equal(b.read(), undefined);
});

test("pair() settles closed only when both ends were read", async () => {
  const [a, b] = pair();
  a.write(text("x"));
  a.closeWrite();
  b.closeWrite();
  assert.equal(a.read(), undefined);
  assert.equal(await hasSettled(a.closed), false);
  await b.read();
  assert.equal(await hasSettled(b.closed), false);
  assert.equal(b.read(), undefined);
  await Promise.all([a.closed, b.closed]);
});

test("pair() tells both ends of an abort: its own reason here, connection_reset there", async () => {
  const [a, b] = pair({ highWaterBytes: 1 });
  const reason = new Error("enough");
  const waiting = [
    a.read(),
    b.write(text("xx")),
    a.write(text("yy")),
  ] as Promise<unknown>[];
  // b's write went to the waiting reader, so it is at rest; the next one fills the pipe
  const full = b.write(text("zz")) as Promise<void>;
  const rejected = [
    assert.rejects(
      full,
      (thrown: TunnelError) => thrown.code === "connection_reset" && thrown.cause === reason,
    ),
    assert.rejects(
      waiting[2],
      (thrown: TunnelError) => thrown.code === "aborted" && thrown.cause === reason,
    ),
  ];
  assert.equal(decodeText(await waiting[0] as Uint8Array), "xx");
  a.abort(reason);
  await Promise.all(rejected);
  assert.equal((await readFailure(a)).code, "aborted");
  const atPeer = await readFailure(b);
  assert.equal(atPeer.code, "connection_reset");
  assert.equal(atPeer.cause, reason);
  assert.throws(
    () => a.write(text("x")),
    (thrown) => codeOf(thrown) === "aborted",
  );
  assert.throws(
    () => b.write(text("x")),
    (thrown) => codeOf(thrown) === "connection_reset",
  );
  await Promise.all([a.closed, b.closed]);
});

test("pair() wakes a waiting reader on either side with the abort", async () => {
  const [a, b] = pair();
  const here = assert.rejects(a.read() as Promise<Chunk>, {
    code: "timed_out",
  });
  const there = assert.rejects(b.read() as Promise<Chunk>, {
    code: "connection_reset",
  });
  a.abort(new TunnelError("timed_out", "Too late"));
  await Promise.all([here, there]);
});

test("pair() keeps the first abort and never throws from a later one or a late end", async () => {
  const [a, b] = pair();
  a.abort(new TunnelError("timed_out", "first"));
  a.abort(new TunnelError("internal", "second"));
  b.abort("third");
  a.closeWrite();
  b.closeWrite();
  assert.equal((await readFailure(a)).message, "first");
  assert.equal((await readFailure(b)).code, "connection_reset");
});

test("pair() drops what was on the way when it is aborted", async () => {
  const [a, b] = pair();
  a.write(text("lost"));
  a.abort();
  assert.equal((await readFailure(b)).code, "connection_reset");
});

// RawDuplex

test("RawDuplex.unread() gives back bytes in the order they were read", async () => {
  await fc.assert(
    fc.asyncProperty(
      chunksArbitrary,
      fc.array(fc.nat(), { maxLength: 10 }),
      async (sent, cuts) => {
        const [a, b] = pair();
        const [atB] = await Promise.all([
          readWithGivingBack(b, cuts),
          sendAll(a, sent),
        ]);
        assert.deepEqual(atB, concat(sent));
      },
    ),
  );

  /** Reads everything, but gives the tail of some chunks back, sometimes in two pieces. */
  async function readWithGivingBack(
    from: Duplex,
    cuts: number[],
  ): Promise<Uint8Array> {
    const kept: Uint8Array[] = [];
    const left = [...cuts];
    for (;;) {
      const chunk = await from.read();
      if (chunk === undefined) return concat(kept);
      const cut = left.shift();
      if (cut === undefined) {
        kept.push(chunk);
        continue;
      }
      const head = cut % (chunk.length + 1);
      const middle = head + Math.floor((chunk.length - head) / 2);
      from.unread(chunk.subarray(middle));
      from.unread(chunk.subarray(head, middle));
      kept.push(chunk.subarray(0, head));
    }
  }
});

test("RawDuplex.unread() of nothing is nothing", () => {
  const duplex = giving(["x"]);
  duplex.unread(new Uint8Array(0));
  assert.equal(decodeText(duplex.read() as Uint8Array), "x");
});

test("RawDuplex.unread() works after the end, too", () => {
  const duplex = giving([]);
  assert.equal(duplex.read(), undefined);
  duplex.unread(text("again"));
  assert.equal(decodeText(duplex.read() as Uint8Array), "again");
  assert.equal(duplex.read(), undefined);
});

test("RawDuplex.takeUnread() hands over what was given back, as it would be read, once", () => {
  const duplex = giving(["raw"]);
  duplex.unread(text("second"));
  duplex.unread(text("first"));
  assert.deepEqual(duplex.takeBack().map(decodeText), ["first", "second"]);
  assert.deepEqual(duplex.takeBack(), []);
  assert.equal(decodeText(duplex.read() as Uint8Array), "raw");
});

test("RawDuplex.readable gives what was given back first, then the rest, then closes", async () => {
  const duplex = giving(["b", "c"]);
  duplex.unread(text("a"));
  const chunks: string[] = [];
  for await (const chunk of duplex.readable) chunks.push(decodeText(chunk));
  assert.deepEqual(chunks, ["a", "b", "c"]);
});

test("RawDuplex.readable reads nothing before it is asked, and nothing ahead", async () => {
  const duplex = giving(["a", "b"]);
  const reader = duplex.readable.getReader();
  await dawdle(20);
  assert.deepEqual(duplex.calls, []);
  await reader.read();
  await dawdle(20);
  assert.deepEqual(duplex.calls, ["read"]);
});

test("RawDuplex.readable fails with what the read failed with, thrown or rejected", async () => {
  const failure = new TunnelError("connection_reset", "cut");
  const throwing = new Scripted({
    read: () => {
      throw failure;
    },
  });
  const rejecting = new Scripted({ read: () => Promise.reject(failure) });
  for (const duplex of [throwing, rejecting]) {
    await assert.rejects(
      duplex.readable.getReader().read(),
      (thrown) => thrown === failure,
    );
  }
});

test("RawDuplex.readable aborts the carrier when it is cancelled", async () => {
  const duplex = giving(["a"]);
  await duplex.readable.cancel("no more");
  assert.deepEqual(duplex.calls, ["abort no more"]);
});

test("RawDuplex.writable writes, waits while full, and ends the direction when closed", async () => {
  const full = Promise.withResolvers<void>();
  const duplex = new Scripted({ write: () => full.promise });
  const writer = duplex.writable.getWriter();
  const written = writer.write(text("a"));
  assert.equal(await hasSettled(written), false);
  full.resolve();
  await written;
  await writer.close();
  assert.deepEqual(duplex.calls, ["write a", "closeWrite"]);
});

test("RawDuplex.writable fails with what the write failed with", async () => {
  const failure = new TunnelError("connection_reset", "cut");
  const duplex = new Scripted({
    write: () => {
      throw failure;
    },
  });
  const writer = duplex.writable.getWriter();
  writer.closed.catch(() => {}); // told twice: by the write and by the writer
  await assert.rejects(writer.write(text("a")), (thrown) => thrown === failure);
});

test("RawDuplex.writable aborts the carrier when it is aborted", async () => {
  const duplex = new Scripted({});
  await duplex.writable.abort("no more");
  assert.deepEqual(duplex.calls, ["abort no more"]);
});

test("RawDuplex makes each Web Stream once", () => {
  const duplex = new Scripted({});
  assert.equal(duplex.readable, duplex.readable);
  assert.equal(duplex.writable, duplex.writable);
});

test("pair() works through its Web Streams with pipeTo, both ways, half-close included", async () => {
  await fc.assert(
    fc.asyncProperty(
      chunksArbitrary,
      highWaterArbitrary,
      async (sent, highWaterBytes) => {
        const [client, server] = pair({ highWaterBytes });
        const echoed = server.readable.pipeTo(server.writable);
        const [atClient] = await Promise.all([
          readAll(client),
          sendAll(client, sent),
        ]);
        await echoed;
        assert.deepEqual(atClient, concat(sent));
        await client.closed;
      },
    ),
  );
});

// join()

/** visitor ⇄ (front, back) ⇄ upstream, joined in the middle. */
function joinedPairs(highWaterBytes?: number) {
  const [visitor, front] = pair({ highWaterBytes });
  const [back, upstream] = pair({ highWaterBytes });
  return { visitor, front, back, upstream, joined: join(front, back) };
}

test("join() carries any chunks both ways whatever ends first, and counts them", async () => {
  await fc.assert(
    fc.asyncProperty(
      chunksArbitrary,
      chunksArbitrary,
      highWaterArbitrary,
      pausesArbitrary,
      pausesArbitrary,
      async (there, back, highWaterBytes, slowVisitor, slowUpstream) => {
        const { visitor, front, back: rear, upstream, joined } = joinedPairs(
          highWaterBytes,
        );
        const [atVisitor, atUpstream] = await Promise.all([
          readAll(visitor, slowVisitor),
          readAll(upstream, slowUpstream),
          sendAll(visitor, there, slowVisitor),
          sendAll(upstream, back, slowUpstream),
        ]);
        assert.deepEqual(atUpstream, concat(there));
        assert.deepEqual(atVisitor, concat(back));
        assert.deepEqual(await joined, {
          forwardBytes: atUpstream.length,
          backwardBytes: atVisitor.length,
          error: undefined,
        });
        await Promise.all([front.closed, rear.closed]);
      },
    ),
  );
});

test("join() keeps the reply flowing after the request side ends", async () => {
  const { visitor, upstream, joined } = joinedPairs();
  await visitor.write(text("question"));
  visitor.closeWrite();
  assert.equal(await readText(upstream), "question");
  assert.equal(await upstream.read(), undefined);
  for (const part of ["a", "long", "answer"]) {
    await upstream.write(text(part));
    assert.equal(await readText(visitor), part);
  }
  assert.equal(await hasSettled(joined), false);
  upstream.closeWrite();
  assert.equal(await visitor.read(), undefined);
  assert.deepEqual(await joined, {
    forwardBytes: 8,
    backwardBytes: 11,
    error: undefined,
  });
});

test("join() keeps the request flowing after the reply side ends", async () => {
  const { visitor, upstream, joined } = joinedPairs();
  upstream.closeWrite();
  assert.equal(await visitor.read(), undefined);
  await visitor.write(text("still sending"));
  assert.equal(await readText(upstream), "still sending");
  visitor.closeWrite();
  assert.equal(await upstream.read(), undefined);
  assert.equal((await joined).error, undefined);
});

test("join() passes on bytes that were given back before it began", async () => {
  const [visitor, front] = pair();
  const [back, upstream] = pair();
  await visitor.write(text("hello"));
  const peeked = (await front.read())!;
  front.unread(peeked.subarray(2));
  front.unread(peeked.subarray(0, 2));
  visitor.closeWrite();
  upstream.closeWrite();
  const [atUpstream, result] = await Promise.all([
    readAll(upstream),
    join(front, back),
    visitor.read(),
  ]);
  assert.equal(decodeText(atUpstream), "hello");
  assert.equal(result.forwardBytes, 5);
});

test("join() stops reading while the other side is full", async () => {
  const chunk = new Uint8Array(1000);
  let reads = 0;
  const source = new Scripted({
    read: () => {
      reads++;
      return chunk;
    },
  });
  const [back, upstream] = pair({ highWaterBytes: 10_000 });
  const joined = join(source, back);
  await dawdle(100);
  assert.equal(reads, 10);
  await upstream.read();
  await dawdle(100);
  assert.equal(reads, 11);
  upstream.abort();
  await joined;
});

test("join() moves what is at hand at once, without waiting a turn for each chunk", async () => {
  const source = giving(["a", "b", "c"]);
  const sink = new Scripted({ read: () => new Promise(() => {}) });
  join(source, sink);
  assert.deepEqual(sink.calls, [
    "write a",
    "write b",
    "write c",
    "closeWrite",
    "read",
  ]);
  await dawdle(1);
});

test("join() does not wait for a slow end of one direction to move the other", async () => {
  const end = Promise.withResolvers<void>();
  const front = giving(["request"]);
  const back = giving(["reply"], { closeWrite: () => end.promise });
  const joined = join(front, back);
  await dawdle(20);
  assert.deepEqual(front.calls.filter((call) => call !== "read"), [
    "write reply",
    "closeWrite",
  ]);
  assert.equal(await hasSettled(joined), false);
  end.resolve();
  assert.equal((await joined).error, undefined);
});

test("join() cuts the other side when one side aborts, at any moment", async () => {
  const scenario = fc.record({
    who: fc.constantFrom("visitor" as const, "upstream" as const),
    there: chunksArbitrary,
    back: chunksArbitrary,
    afterTurns: fc.nat(40),
    halfClosed: fc.constantFrom(
      "none" as const,
      "visitor" as const,
      "upstream" as const,
    ),
    highWaterBytes: highWaterArbitrary,
  });
  await fc.assert(
    fc.asyncProperty(
      scenario,
      async ({ who, there, back, afterTurns, halfClosed, highWaterBytes }) => {
        const { visitor, upstream, front, back: rear, joined } = joinedPairs(
          highWaterBytes,
        );
        const ends = { visitor, upstream };
        const other = who === "visitor" ? upstream : visitor;
        const quiet = () => {}; // these writers are cut on purpose
        const sending = [
          send(visitor, there, halfClosed === "visitor").catch(quiet),
          send(upstream, back, halfClosed === "upstream").catch(quiet),
        ];
        await dawdle(afterTurns);
        ends[who].abort(new Error("gone"));
        const result = await joined;
        assert.match(result.error?.code ?? "", /^connection_(reset|closed)$/);
        // the other side hears of it: by a failed read unless its read side was over already
        await assert.rejects(async () => {
          await readUntilEnd(other);
          await other.write(text("x"));
        }, (thrown) => codeOf(thrown) === "connection_reset");
        await Promise.all([
          ...sending,
          visitor.closed,
          upstream.closed,
          front.closed,
          rear.closed,
        ]);
      },
    ),
  );

  async function send(
    to: Duplex,
    chunks: readonly Uint8Array[],
    end: boolean,
  ): Promise<void> {
    for (const chunk of chunks) await to.write(chunk);
    if (end) await to.closeWrite();
  }

  async function readUntilEnd(from: Duplex): Promise<void> {
    while (await from.read() !== undefined) { /* only the end matters */ }
  }
});

test("join() notices that a sender was cut while the receiver takes nothing", async () => {
  const { visitor, upstream, joined } = joinedPairs(10);
  await visitor.write(text("one"));
  for (let n = 0; n < 10; n++) {
    visitor.write(text("0123456789"))?.catch(() => {}); // never read
  }
  await dawdle(20);
  visitor.abort();
  assert.equal((await joined).error?.code, "connection_reset");
  assert.equal((await readFailure(upstream)).code, "connection_reset");
});

test("join() notices that a receiver was cut while the sender is silent and the reply is over", async () => {
  const { visitor, upstream, joined } = joinedPairs();
  upstream.closeWrite();
  assert.equal(await visitor.read(), undefined);
  upstream.abort();
  assert.equal((await joined).error?.code, "connection_closed");
  await visitor.closed;
});

test("join() delivers what a sender wrote before it closed, to a receiver that is slow", async () => {
  const { visitor, upstream, joined } = joinedPairs(10);
  upstream.closeWrite();
  const sending = sendAll(
    visitor,
    Array.from({ length: 20 }, (_, n) => text(`chunk ${n} `)),
  );
  assert.equal(await visitor.read(), undefined);
  await dawdle(50);
  const atUpstream = await readAll(upstream, [5]);
  await sending;
  assert.equal(decodeText(atUpstream).split("chunk").length, 21);
  assert.equal((await joined).error, undefined);
});

test("join() reports an abort of its own carrier as that carrier's reason", async () => {
  const { visitor, front, upstream, joined } = joinedPairs();
  front.abort(new TunnelError("session_closed", "The session has ended"));
  assert.equal((await joined).error?.code, "session_closed");
  assert.equal((await readFailure(visitor)).code, "connection_reset");
  assert.equal((await readFailure(upstream)).code, "connection_reset");
});

test("join() delivers the whole reply of a service that closes before it has read the request", async () => {
  const reset = new TunnelError(
    "connection_reset",
    "The peer cut the connection",
  );
  const reply = ["413 ", "too ", "large"].map(text);
  const upstream = new Scripted({
    write: () => Promise.reject(reset),
    read: () => Promise.resolve().then(() => reply.shift()),
  });
  const [visitor, front] = pair({ highWaterBytes: 1 });
  const uploading = (async () => {
    for (;;) await visitor.write(text("more and more"));
  })();
  const uploadFailed = assert.rejects(uploading, { code: "connection_reset" });
  const joined = join(front, upstream);
  const read: string[] = [];
  for (
    let part = await readText(visitor);
    part !== undefined;
    part = await readText(visitor)
  ) {
    read.push(part);
    if (read.length === 3) break;
  }
  assert.equal(read.join(""), "413 too large");
  const result = await joined;
  assert.equal(result.error, reset);
  assert.equal(result.backwardBytes, 13);
  await uploadFailed;
});

test("join() lets a visitor that ends its request still read the reply of a broken upload", async () => {
  const reset = new TunnelError(
    "connection_reset",
    "The peer cut the connection",
  );
  const reply = Promise.withResolvers<Chunk>();
  const replies: (Chunk | Promise<Chunk>)[] = [reply.promise, undefined];
  const upstream = new Scripted({
    write: () => {
      throw reset;
    },
    read: () => replies.shift(),
  });
  const [visitor, front] = pair();
  const joined = join(front, upstream);
  await visitor.write(text("one"));
  await visitor.write(text("two"));
  visitor.closeWrite();
  assert.equal(await hasSettled(joined), false);
  reply.resolve(text("sorry"));
  assert.equal(await readText(visitor), "sorry");
  assert.equal((await joined).error, reset);
  assert.ok(upstream.calls.some((call) => call.startsWith("abort")));
});

test("join() gives up when neither side takes bytes any more", async () => {
  const cut = (which: string) => () => {
    throw new TunnelError("connection_reset", which);
  };
  const never = Promise.withResolvers<Chunk>();
  const chunks = (): () => Chunk | Promise<Chunk> => {
    const left: (Chunk | Promise<Chunk>)[] = [text("x"), never.promise];
    return () => left.shift();
  };
  const a = new Scripted({ read: chunks(), write: cut("a") });
  const b = new Scripted({ read: chunks(), write: cut("b") });
  const joined = join(a, b);
  assert.ok(
    a.calls.includes("abort b") && b.calls.includes("abort b"),
    a.calls.join(),
  );
  never.reject(
    new TunnelError("aborted", "as a real carrier does after abort()"),
  );
  assert.equal((await joined).error?.message, "b");
});

test("join() treats a failing end like a failing write: the reply is not cut", async () => {
  const reset = new TunnelError("connection_reset", "late");
  const reply = [text("reply")];
  const upstream = new Scripted({
    closeWrite: () => Promise.reject(reset),
    read: () => Promise.resolve().then(() => dawdle(30)).then(() => reply.shift()),
  });
  const front = giving(["request"]);
  const result = await join(front, upstream);
  assert.ok(front.calls.includes("write reply"));
  assert.equal(result.error, reset);
});

test("join() makes anything that a carrier throws a value, with the cause kept", async () => {
  const odd = new Error("odd");
  const throwing = new Scripted({
    read: () => {
      throw odd;
    },
  });
  const [back, upstream] = pair();
  const result = await join(throwing, back);
  assert.equal(result.error?.code, "connection_closed");
  assert.equal(result.error?.cause, odd);
  assert.equal((await readFailure(upstream)).code, "connection_reset");
});

test("join() of chains of joined pairs is still one connection", async () => {
  await fc.assert(
    fc.asyncProperty(chunksArbitrary, fc.nat(4), async (sent, hops) => {
      const [visitor, first] = pair({ highWaterBytes: 64 });
      let end = first;
      const joins: Promise<unknown>[] = [];
      for (let hop = 0; hop < hops; hop++) {
        const [near, far] = pair({ highWaterBytes: 64 });
        joins.push(join(end, near));
        end = far;
      }
      const [atEnd] = await Promise.all([
        readAll(end).then(async (bytes) => {
          await sendAll(end, [text("thanks")]);
          return bytes;
        }),
        sendAll(visitor, sent),
      ]);
      assert.deepEqual(atEnd, concat(sent));
      assert.equal(decodeText(await readAll(visitor)), "thanks");
      await Promise.all(joins);
    }),
    { numRuns: 40 },
  );
});

test("join() gives chunks to who takes them for good, counts them, and writes them to the others", async () => {
  const [visitor, front] = pair();
  const [back, upstream] = pair();
  const given: number[] = [];
  back.give = (chunk) => {
    given.push(chunk.length);
    lendBuffer(chunk);
    returnBuffer(chunk); // gone before anybody can count it
  };
  const joined = join(front, back);
  visitor.write(new Uint8Array(20_000));
  visitor.closeWrite();
  upstream.write(new Uint8Array(30_000));
  upstream.closeWrite();
  assert.equal((await visitor.read())?.length, 30_000);
  assert.equal(await visitor.read(), undefined);
  assert.equal(await upstream.read(), undefined);
  const { forwardBytes, backwardBytes, error } = await joined;
  assert.deepEqual([given, forwardBytes, backwardBytes, error], [
    [20_000],
    20_000,
    30_000,
    undefined,
  ]);
});

test("pair() passes chunks on as they are, and so nobody's memory is freed behind it", async () => {
  const [left, right] = pair();
  const chunk = new Uint8Array(20_000);
  lendBuffer(chunk);
  left.write(chunk);
  const read = await right.read();
  assert.equal(read, chunk);
  returnBuffer(chunk);
  assert.equal(chunk.length, 20_000);
});
