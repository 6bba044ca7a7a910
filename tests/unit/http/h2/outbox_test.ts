/** What leaves, read back as frames. */
import assert from "node:assert/strict";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { type Chunk, RawDuplex } from "../../../../lib/base/duplex.ts";
import { TunnelError } from "../../../../lib/base/errors.ts";
import { FRAME, numbersFrame } from "../../../../lib/http/h2/frame.ts";
import { FIRST_WINDOW, Outbox } from "../../../../lib/http/h2/outbox.ts";
import { H2Stream } from "../../../../lib/http/h2/stream.ts";
import { test } from "../../../harness.ts";

/** A carrier that only takes. */
class Sink extends RawDuplex {
  readonly closed = Promise.resolve();
  writes: Uint8Array[] = [];
  full: Promise<void> | undefined;
  error: TunnelError | undefined;
  protected override readRaw(): Chunk {
    return undefined;
  }
  write(chunk: Uint8Array): void | Promise<void> {
    if (this.error) throw this.error;
    this.writes.push(chunk.slice());
    return this.full;
  }
  closeWrite(): void {}
  abort(): void {}
  /** `type stream bytes` of each frame, by write. */
  get said(): string[][] {
    return this.writes.map((bytes) => {
      const frames: string[] = [];
      for (let at = 0; at < bytes.length;) {
        const length = bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2];
        frames.push(`${bytes[at + 3]} ${bytes[at + 8]} ${length}`);
        at += 9 + length;
      }
      return frames;
    });
  }
}

function scene() {
  const carrier = new Sink();
  const clock = new FakeClock();
  const failures: TunnelError[] = [];
  const outbox = new Outbox(carrier, clock, (error) => failures.push(error));
  const stream = (id: number, bytes: number) => {
    const one = new H2Stream(
      {
        wantsToSend: (it) => outbox.wantsToSend(it),
        sendHead: (it, fields, isAll) => outbox.sendHead(it, fields, isAll),
        consumed: () => {},
        resetStream: () => {},
        over: () => {},
      },
      id,
      { send: 1_000_000, receive: 1_000_000 },
    );
    void one.write(new Uint8Array(bytes));
    return one;
  };
  return { carrier, clock, failures, outbox, stream };
}

const ping = () => numbersFrame(FRAME.ping, 0, 0, 1, 2);

test("Outbox sends what is said in one turn in one write, control first, then each stream in turn", async () => {
  const { carrier, clock, outbox, stream } = scene();
  stream(1, 20_000);
  stream(3, 10);
  outbox.say(ping());
  assert.deepEqual(carrier.said, []);
  await clock.advance(0);
  assert.deepEqual(carrier.said, [["6 0 8", "0 1 16384", "0 3 10", "0 1 3616"]]);
});

test("Outbox keeps to the window of the connection until it grows, and knows one that cannot", async () => {
  const { carrier, clock, outbox, stream } = scene();
  const one = stream(1, FIRST_WINDOW + 5);
  await clock.advance(0);
  assert.equal(one.outboundBytes, 5);
  carrier.writes = [];
  assert.equal(outbox.widen(3), true);
  await clock.advance(0);
  assert.deepEqual(carrier.said, [["0 1 3"]]);
  assert.equal(outbox.widen(0), false);
  assert.equal(outbox.widen(2 ** 31), false);
});

test("Outbox waits for its carrier, and says no when answers pile up meanwhile", async () => {
  const { carrier, clock, outbox } = scene();
  const gate = Promise.withResolvers<void>();
  carrier.full = gate.promise;
  outbox.say(ping());
  await clock.advance(0);
  let count = 0;
  while (outbox.reply(ping())) count++;
  assert.equal(count, 1_000);
  assert.equal(carrier.writes.length, 1);
  carrier.full = undefined;
  gate.resolve();
  await clock.advance(0);
  assert.equal(carrier.said[1].length, 1_000);
  assert.equal(outbox.reply(ping()), true);
});

test("Outbox.sayOnly() sends one frame and nothing after it", async () => {
  const { carrier, clock, outbox, stream } = scene();
  const one = stream(1, 10);
  outbox.say(ping());
  outbox.sayOnly(numbersFrame(FRAME.goAway, 0, 0, 0, 0));
  outbox.wantsToSend(one);
  await clock.advance(0);
  assert.deepEqual(carrier.said, [["7 0 8"]]);
});

test("Outbox tells why its carrier takes nothing", async () => {
  const { carrier, clock, outbox, failures } = scene();
  carrier.error = new TunnelError("connection_reset", "gone");
  outbox.say(ping());
  await clock.advance(0);
  assert.deepEqual(failures, [carrier.error]);
});
