import assert from "node:assert/strict";
import fc from "fast-check";
import { concat, readU32, toHex } from "../../../lib/base/bytes.ts";
import type { TunnelError } from "../../../lib/base/errors.ts";
import { writeHeader } from "../../../lib/mux/encode.ts";
import { FLAG, FRAME, INITIAL_WINDOW_BYTES, MuxFault, RESET } from "../../../lib/mux/frame.ts";
import {
  firstBytes,
  MuxSession,
  type SessionEvents,
  type SessionLimits,
} from "../../../lib/mux/session.ts";
import { test } from "../../harness.ts";

/** A session with everything it says written down. */
class End implements SessionEvents {
  readonly log: string[] = [];
  readonly received = new Map<number, Uint8Array[]>();
  readonly ended = new Set<number>();
  readonly failed = new Map<number, number>();
  readonly opened: number[] = [];
  readonly session: MuxSession;
  work = 0;
  autoConsume = false;

  constructor(role: "client" | "server", limits: Partial<SessionLimits> = {}) {
    this.session = new MuxSession({
      role,
      steady: () => 0,
      events: this,
      limits,
    });
  }
  onOpen(id: number): void {
    this.opened.push(id);
    this.log.push(`open ${id}`);
  }
  onData(id: number, chunk: Uint8Array): void {
    const chunks = this.received.get(id) ?? [];
    chunks.push(chunk.slice());
    this.received.set(id, chunks);
    this.log.push(`data ${id} ${chunk.length}`);
    if (this.autoConsume) this.session.consumed(id, chunk.length);
  }
  onEnd(id: number): void {
    this.ended.add(id);
    this.log.push(`end ${id}`);
  }
  onReset(id: number, code: number): void {
    this.failed.set(id, code);
    this.log.push(`reset ${id} ${code}`);
  }
  onWritable(id: number): void {
    this.log.push(`writable ${id}`);
  }
  onOver(id: number): void {
    this.log.push(`over ${id}`);
  }
  onGoAway(code: number, text: string): void {
    this.log.push(`goaway ${code} ${text}`);
  }
  onWork(): void {
    this.work++;
  }
  bytes(id: number): Uint8Array {
    return concat([new Uint8Array(0), ...(this.received.get(id) ?? [])]);
  }
}

interface Frame {
  type: number;
  flags: number;
  id: number;
  body: Uint8Array;
}

function frames(bytes: Uint8Array | undefined): Frame[] {
  const list: Frame[] = [];
  for (let at = 0; bytes && at < bytes.length;) {
    const length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    list.push({
      type: bytes[at + 3] >> 4,
      flags: bytes[at + 3] & 15,
      id: readU32(bytes, at + 4),
      body: bytes.subarray(at + 8, at + 8 + length),
    });
    at += 8 + length;
  }
  return list;
}

function dataFrame(id: number, flags: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length);
  writeHeader(bytes, 0, payload.length, FRAME.data, flags, id);
  bytes.set(payload, 8);
  return bytes;
}

function exchange(a: End, b: End): void {
  for (let quiet = false; !quiet;) {
    quiet = true;
    for (const [from, to] of [[a, b], [b, a]]) {
      const bytes = from.session.take(1 << 20);
      if (!bytes) continue;
      quiet = false;
      to.session.receive(bytes);
    }
  }
}

const text = (value: string) => new TextEncoder().encode(value);

test("MuxSession gives the agent odd ids from 3 and the edge even ids from 2", () => {
  const agent = new End("client");
  const edge = new End("server");
  assert.deepEqual([
    agent.session.open(text("a")),
    agent.session.open(text("b")),
  ], [3, 5]);
  assert.deepEqual(
    [edge.session.open(text("a")), edge.session.open(text("b"))],
    [2, 4],
  );
});

test("MuxSession puts type and header of a stream into one frame even when they are larger than a frame", () => {
  const edge = new End("server", { maxFrameBytes: 1000 });
  const header = new Uint8Array(5000).fill(7);
  const id = edge.session.open(firstBytes(3, header));
  edge.session.send(id, new Uint8Array(2500));
  const [first, second] = frames(edge.session.take(1 << 20));
  assert.equal(first.flags, FLAG.syn);
  assert.equal(first.body.length, 5004);
  assert.equal(readU32(first.body, 0), 3);
  assert.equal(second, undefined, "one frame a turn");
  assert.equal(frames(edge.session.take(1 << 20))[0].body.length, 1000);
});

test("MuxSession merges small writes of one turn into one frame, with FIN on the last", () => {
  const agent = new End("client");
  const id = agent.session.open(firstBytes(0));
  for (const word of ["one ", "two ", "three"]) {
    agent.session.send(id, text(word));
  }
  agent.session.finish(id);
  const sent = frames(agent.session.take(1 << 20));
  assert.equal(sent.length, 1);
  assert.equal(sent[0].flags, FLAG.syn | FLAG.fin);
  assert.equal(
    new TextDecoder().decode(sent[0].body.subarray(4)),
    "one two three",
  );
});

test("MuxSession serves streams in turn, one frame each", () => {
  const edge = new End("server", { maxFrameBytes: 1000 });
  const ids = [1, 2, 3].map(() => edge.session.open(firstBytes(3)));
  for (const id of ids) edge.session.send(id, new Uint8Array(3000));
  const order: number[] = [];
  for (let bytes; (bytes = edge.session.take(1));) {
    for (const frame of frames(bytes)) {
      order.push(frame.id);
    }
  }
  assert.deepEqual(order, [2, 4, 6, 2, 4, 6, 2, 4, 6, 2, 4, 6]);
});

test("MuxSession lets control frames and urgent streams overtake data that waits", () => {
  const edge = new End("server");
  const agent = new End("client");
  const bulk = edge.session.open(firstBytes(3));
  const read = agent.session.open(firstBytes(0));
  exchange(agent, edge);
  agent.session.send(read, new Uint8Array(70_000));
  exchange(agent, edge);
  edge.session.send(bulk, new Uint8Array(60_000));
  edge.session.open(firstBytes(0xffffffff, text("ping")), true);
  edge.session.consumed(read, 70_000);
  const sent = frames(edge.session.take(1 << 20));
  assert.deepEqual(sent.map((frame) => [frame.type, frame.id]), [
    [FRAME.windowIncrement, read],
    [FRAME.data, 4],
    [FRAME.data, bulk],
  ]);
});

test("MuxSession stops at exactly 262144 bytes until credit arrives", () => {
  const edge = new End("server", { highWaterBytes: 1 << 30 });
  const agent = new End("client");
  const id = edge.session.open(firstBytes(3));
  edge.session.send(id, new Uint8Array(400_000));
  exchange(edge, agent);
  assert.equal(
    agent.bytes(id).length,
    INITIAL_WINDOW_BYTES,
    "the type prefix counts too",
  );
  assert.deepEqual([edge.session.windowStalls, agent.session.windowStalls], [1, 0]);
  assert.equal(edge.session.take(1 << 20), undefined);
  agent.session.consumed(id, 100_000);
  exchange(edge, agent);
  assert.equal(agent.bytes(id).length, INITIAL_WINDOW_BYTES + 100_000);
});

test("MuxSession answers an overrun with RST FlowControl and goes on", () => {
  const edge = new End("server");
  const peer = text("x".repeat(1000));
  edge.session.receive(dataFrame(3, FLAG.syn, peer));
  edge.session.receive(dataFrame(3, 0, new Uint8Array(INITIAL_WINDOW_BYTES)));
  assert.equal(edge.failed.get(3), RESET.flowControl);
  const [reset] = frames(edge.session.take(1 << 20));
  assert.deepEqual([reset.type, reset.id, readU32(reset.body, 0)], [
    FRAME.reset,
    3,
    RESET.flowControl,
  ]);
  edge.session.receive(dataFrame(5, FLAG.syn, peer));
  assert.deepEqual(edge.opened, [3, 5]);
});

test("MuxSession ignores RST, WNDINC and empty frames for unknown streams, and answers payload with RST 4", () => {
  const edge = new End("server");
  edge.session.receive(
    Uint8Array.from([0, 0, 4, 0x00, 0, 0, 0, 9, 0, 0, 0, 6]),
  );
  edge.session.receive(
    Uint8Array.from([0, 0, 4, 0x20, 0, 0, 0, 9, 0, 0, 0, 6]),
  );
  edge.session.receive(dataFrame(9, FLAG.fin, new Uint8Array(0)));
  assert.equal(edge.session.take(1 << 20), undefined);
  edge.session.receive(dataFrame(9, 0, text("late")));
  const [reset] = frames(edge.session.take(1 << 20));
  assert.deepEqual([reset.type, reset.id, readU32(reset.body, 0)], [
    FRAME.reset,
    9,
    RESET.streamClosed,
  ]);
});

test("MuxSession takes a stream opened with our parity, or twice, for a breach of the protocol", () => {
  assert.throws(
    () => new End("server").session.receive(dataFrame(4, FLAG.syn, text("x"))),
    MuxFault,
  );
  assert.throws(
    () => new End("client").session.receive(dataFrame(5, FLAG.syn, text("x"))),
    MuxFault,
  );
  const edge = new End("server");
  edge.session.receive(dataFrame(3, FLAG.syn, text("x")));
  assert.throws(
    () => edge.session.receive(dataFrame(3, FLAG.syn, text("x"))),
    MuxFault,
  );
});

test("MuxSession refuses streams of the peer beyond its limit and lives on", () => {
  const edge = new End("server", { maxPeerStreams: 2 });
  for (const id of [3, 5, 7]) {
    edge.session.receive(dataFrame(id, FLAG.syn, text("x")));
  }
  assert.deepEqual(edge.opened, [3, 5]);
  const [reset] = frames(edge.session.take(1 << 20));
  assert.deepEqual([reset.id, readU32(reset.body, 0)], [
    7,
    RESET.streamRefused,
  ]);
});

test("MuxSession.open() refuses beyond the limit and takes new streams when old ones are over", () => {
  const edge = new End("server", { maxOwnStreams: 1 });
  const id = edge.session.open(firstBytes(3));
  assert.throws(
    () => edge.session.open(firstBytes(3)),
    (error: TunnelError) => error.code === "streams_exhausted",
  );
  edge.session.reset(id, RESET.streamCancelled);
  assert.equal(edge.session.open(firstBytes(3)), 4);
});

test("MuxSession.reset() after finish() sends FIN and then RST, dropping what waited", () => {
  const edge = new End("server");
  const id = edge.session.open(firstBytes(3));
  edge.session.take(1 << 20);
  edge.session.send(id, text("never sent"));
  edge.session.finish(id);
  edge.session.reset(id, RESET.streamCancelled);
  const sent = frames(edge.session.take(1 << 20));
  assert.deepEqual(
    sent.map((frame) => [frame.type, frame.flags, frame.body.length]),
    [
      [FRAME.data, FLAG.fin, 0],
      [FRAME.reset, 0, 4],
    ],
  );
});

test("MuxSession.reset() of a stream that never left says nothing at all", () => {
  const edge = new End("server");
  edge.session.reset(edge.session.open(firstBytes(3)), RESET.streamCancelled);
  assert.equal(edge.session.take(1 << 20), undefined);
  assert.equal(edge.session.size, 0);
});

test("MuxSession.goAway() is the last that leaves, after what could be sent", () => {
  const edge = new End("server");
  const agent = new End("client");
  const id = edge.session.open(firstBytes(3));
  edge.session.send(id, text("last words"));
  edge.session.goAway(RESET.noError, "bye");
  const bytes = edge.session.take(1 << 20)!;
  const sent = frames(bytes);
  assert.equal(sent.at(-1)?.type, FRAME.goAway);
  assert.equal(sent.length, 2);
  edge.session.send(id, text("too late"));
  assert.equal(edge.session.take(1 << 20), undefined);
  agent.session.receive(bytes);
  assert.equal(agent.log.at(-1), "goaway 0 bye");
});

test("MuxSession says full above the high water mark and writable below half of it", () => {
  const edge = new End("server", {
    highWaterBytes: 10_000,
    maxFrameBytes: 4_000,
  });
  const id = edge.session.open(firstBytes(3));
  edge.session.take(1 << 20);
  assert.equal(edge.session.send(id, new Uint8Array(9_000)), true);
  assert.equal(edge.session.send(id, new Uint8Array(1_000)), false);
  edge.session.take(1);
  assert.equal(edge.log.includes(`writable ${id}`), false, "6,000 wait");
  edge.session.take(1);
  assert.equal(edge.log.at(-1), `writable ${id}`);
});

test("MuxSession ends with EnhanceYourCalm when a peer provokes replies and reads none", () => {
  const edge = new End("server", { maxControlBytes: 1000 });
  assert.throws(() => {
    for (let i = 0; i < 100; i++) {
      edge.session.receive(dataFrame(9, 0, text("x")));
    }
  }, (fault: MuxFault) => fault.resetCode === RESET.enhanceYourCalm);
});

test("MuxSession forgets a stream when both ends were said, in any order", () => {
  const edge = new End("server");
  const agent = new End("client");
  const first = edge.session.open(firstBytes(3));
  edge.session.finish(first);
  exchange(edge, agent);
  agent.session.finish(first);
  exchange(edge, agent);
  assert.deepEqual([edge.session.size, agent.session.size], [0, 0]);
  const second = edge.session.open(firstBytes(3));
  exchange(edge, agent);
  agent.session.finish(second);
  edge.session.finish(second);
  exchange(edge, agent);
  assert.deepEqual([edge.session.size, agent.session.size], [0, 0]);
});

test("MuxSession.nudge() is an empty data frame without flags", () => {
  const edge = new End("server");
  edge.session.receive(dataFrame(3, FLAG.syn, text("\xff")));
  edge.session.nudge(3);
  assert.equal(toHex(edge.session.take(1 << 20)!), "0000001000000003");
});

test("MuxSession opens and ends 10,000 short streams and keeps nothing of them", () => {
  const edge = new End("server");
  const agent = new End("client");
  agent.autoConsume = edge.autoConsume = true;
  for (let i = 0; i < 10_000; i++) {
    const id = edge.session.open(firstBytes(3, text("hello")));
    edge.session.finish(id);
    exchange(edge, agent);
    agent.session.send(id, text("world"));
    agent.session.finish(id);
    exchange(edge, agent);
    assert.equal(edge.bytes(id).length, 5);
    edge.received.delete(id);
    agent.received.delete(id);
  }
  assert.deepEqual([edge.session.size, agent.session.size], [0, 0]);
  assert.equal(edge.session.budget.extraBytes, 0);
  assert.equal(edge.session.hasWork || agent.session.hasWork, false);
});

// The model: whatever two ends do, in whatever cut the bytes arrive, each stream delivers exactly
// what was written, in order, and ends when and only when its writer ended it.

interface Model {
  written: Uint8Array[];
  finished: boolean;
  reset: boolean;
}

const step = fc.oneof(
  fc.record({
    op: fc.constant("open" as const),
    end: fc.nat(1),
    size: fc.nat(50),
  }),
  fc.record({
    op: fc.constant("send" as const),
    end: fc.nat(1),
    pick: fc.nat(9),
    size: fc.integer({ min: 1, max: 120_000 }),
  }),
  fc.record({
    op: fc.constant("finish" as const),
    end: fc.nat(1),
    pick: fc.nat(9),
  }),
  fc.record({
    op: fc.constant("reset" as const),
    end: fc.nat(1),
    pick: fc.nat(9),
  }),
  fc.record({
    op: fc.constant("consume" as const),
    end: fc.nat(1),
    pick: fc.nat(9),
    size: fc.integer({ min: 1, max: 200_000 }),
  }),
  fc.record({
    op: fc.constant("move" as const),
    end: fc.nat(1),
    about: fc.integer({ min: 1, max: 100_000 }),
    cut: fc.integer({ min: 1, max: 9_000 }),
  }),
);

test("MuxSession agrees with its model under any schedule of two ends", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const ends = [new End("client"), new End("server")];
      const models = [new Map<number, Model>(), new Map<number, Model>()];
      const consumed = [new Map<number, number>(), new Map<number, number>()];
      let seed = 1;
      const fresh = (size: number) => {
        const bytes = new Uint8Array(size);
        for (let i = 0; i < Math.min(size, 64); i++) {
          bytes[i] = seed = (seed * 31 + 7) & 255;
        }
        return bytes;
      };
      const writer = (end: number, id: number): Model => {
        let model = models[end].get(id);
        if (!model) {
          models[end].set(
            id,
            model = { written: [], finished: false, reset: false },
          );
        }
        return model;
      };
      const known = (
        end: number,
      ) => [...new Set([...models[end].keys(), ...ends[end].opened])];
      const move = (end: number, about: number, cut: number) => {
        const bytes = ends[end].session.take(about);
        for (let at = 0; bytes && at < bytes.length; at += cut) {
          ends[1 - end].session.receive(bytes.slice(at, at + cut));
        }
        return bytes !== undefined;
      };
      for (const one of steps) {
        const end = ends[one.end];
        if (one.op === "open") {
          const first = firstBytes(3, fresh(one.size));
          const id = end.session.open(first);
          writer(one.end, id).written.push(first.slice());
          continue;
        }
        if (one.op === "move") {
          move(one.end, one.about, one.cut);
          continue;
        }
        const ids = known(one.end);
        if (ids.length === 0) continue;
        const id = ids[one.pick % ids.length];
        const model = writer(one.end, id);
        const gone = model.reset || end.failed.has(id);
        if (one.op === "send" && !model.finished && !gone) {
          const bytes = fresh(one.size);
          model.written.push(bytes.slice());
          end.session.send(id, bytes);
        } else if (one.op === "finish") {
          if (!gone) model.finished = true;
          end.session.finish(id);
        } else if (one.op === "reset") {
          // What both sides have ended is forgotten; until its own end has left, a reset takes back what waits.
          const before = end.session.size;
          end.session.reset(id, RESET.streamCancelled);
          if (end.session.size < before) model.reset = true;
        } else if (one.op === "consume") {
          const before = consumed[one.end].get(id) ?? 0;
          const take = Math.min(one.size, end.bytes(id).length - before);
          consumed[one.end].set(id, before + take);
          if (take > 0) end.session.consumed(id, take);
        }
      }
      // Let everything arrive.
      for (let quiet = 0; quiet < 2;) {
        let moved = false;
        for (const side of [0, 1]) {
          moved = move(side, 1 << 20, 70_000) || moved;
          for (const [id, chunks] of ends[side].received) {
            const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
            const before = consumed[side].get(id) ?? 0;
            if (total > before) ends[side].session.consumed(id, total - before);
            consumed[side].set(id, total);
          }
        }
        quiet = moved ? 0 : quiet + 1;
      }
      for (const side of [0, 1]) {
        for (const [id, model] of models[side]) {
          const peer = ends[1 - side];
          const whole = concat([new Uint8Array(0), ...model.written]);
          const got = peer.bytes(id);
          const peerReset = models[1 - side].get(id)?.reset ?? false;
          assert.deepEqual(
            got,
            whole.subarray(0, got.length),
            "what arrives is a prefix of what was written",
          );
          if (model.reset || peerReset) continue;
          assert.equal(got.length, whole.length, "and all of it arrives");
          assert.equal(peer.ended.has(id), model.finished);
        }
        assert.equal(ends[side].session.budget.extraBytes, 0);
      }
    }),
    {
      numRuns: 150,
      examples: [[[
        // A reset while the end of a stream that its peer has ended still waits to be sent.
        { op: "open", end: 1, size: 0 },
        { op: "finish", end: 1, pick: 0 },
        { op: "move", end: 1, about: 1, cut: 1 },
        { op: "send", end: 0, pick: 0, size: 1 },
        { op: "finish", end: 0, pick: 0 },
        { op: "reset", end: 0, pick: 0 },
      ]]],
    },
  );
});

test("MuxSession.take() lets few streams fill a write, and gives each of many one frame of fair size", () => {
  const lone = new End("server");
  const only = lone.session.open(firstBytes(3));
  lone.session.take(1 << 20);
  lone.session.send(only, new Uint8Array(200_000));
  assert.deepEqual(frames(lone.session.take(128 * 1024)).map((one) => one.body.length), [131_072]);

  const busy = new End("server");
  for (let count = 0; count < 8; count++) {
    const id = busy.session.open(firstBytes(3));
    busy.session.take(1 << 20);
    busy.session.send(id, new Uint8Array(200_000));
  }
  const sent = frames(busy.session.take(128 * 1024));
  assert.deepEqual(sent.map((one) => one.body.length), [65_536, 65_536]);
  assert.notEqual(sent[0].id, sent[1].id);
});

test("MuxSession.take() uses spare memory for a large write that fits, and new memory otherwise", () => {
  const edge = new End("server");
  const id = edge.session.open(firstBytes(3));
  edge.session.take(1 << 20);
  const spare = new Uint8Array(160 * 1024);
  edge.session.send(id, new Uint8Array(100_000).fill(7));
  const large = edge.session.take(1 << 20, spare)!;
  assert.equal(large.buffer, spare.buffer);
  assert.equal(frames(large)[0].body.length, 100_000);
  edge.session.send(id, text("small"));
  assert.notEqual(edge.session.take(1 << 20, spare)!.buffer, spare.buffer);
  edge.session.send(id, new Uint8Array(100_000));
  const narrow = new Uint8Array(90_000);
  assert.notEqual(edge.session.take(1 << 20, narrow)!.buffer, narrow.buffer);
});
