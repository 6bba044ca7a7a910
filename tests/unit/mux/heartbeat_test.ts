import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { type Duplex, pair } from "../../../lib/base/duplex.ts";
import type { TunnelError } from "../../../lib/base/errors.ts";
import { Heartbeat } from "../../../lib/mux/heartbeat.ts";
import { test } from "../../harness.ts";

interface Rig {
  clock: FakeClock;
  heartbeat: Heartbeat;
  /** Our pings arrive here. */
  peer: () => Duplex;
  opened: Uint8Array[];
  lost: TunnelError[];
  trips: number[];
  heard: (ms: number) => void;
}

function rig(): Rig {
  const clock = new FakeClock();
  let heardMs = clock.steady();
  let peer: Duplex | undefined;
  const opened: Uint8Array[] = [];
  const lost: TunnelError[] = [];
  const trips: number[] = [];
  const heartbeat = new Heartbeat({
    clock,
    open: (first) => {
      opened.push(first);
      const [ours, theirs] = pair();
      peer = theirs;
      return ours;
    },
    lastHeardMs: () => heardMs,
    onRoundTrip: (ms) => trips.push(ms),
    onLost: (error) => lost.push(error),
  });
  return {
    clock,
    heartbeat,
    peer: () => peer!,
    opened,
    lost,
    trips,
    heard: (ms) => heardMs = ms,
  };
}

test("S116 Heartbeat.start() pings at once with 4 bytes on a stream of its own and measures the echo", async () => {
  const { clock, heartbeat, peer, opened, trips, heard } = rig();
  const beats: number[] = [];
  heartbeat.start(10_000, 15_000, (ms) => beats.push(ms));
  assert.equal(opened.length, 1);
  assert.equal(opened[0].length, 4);
  await clock.advance(30);
  peer().write(opened[0].slice());
  heard(clock.steady());
  await clock.advance(0);
  assert.deepEqual(trips, [30]);
  assert.deepEqual(beats, [30]);
  assert.equal(heartbeat.latencyMs, 30);
  await clock.advance(10_000);
  const second = await peer().read();
  assert.equal(second?.length, 4);
  assert.equal(opened.length, 1, "the stream is kept");
  heartbeat.stop();
  assert.equal(clock.pending, 0);
});

test("S117 S118 Heartbeat reports a silent peer after interval and tolerance, not before", async () => {
  const { clock, heartbeat, lost } = rig();
  heartbeat.start(2_000, 3_000);
  await clock.advance(4_999);
  assert.equal(lost.length, 0);
  await clock.advance(1);
  assert.equal(lost.length, 1);
  assert.equal(lost[0].code, "heartbeat_lost");
  await clock.advance(100_000);
  assert.equal(lost.length, 1, "once");
});

test("Heartbeat takes any byte as a sign of life", async () => {
  const { clock, heartbeat, lost, heard } = rig();
  heartbeat.start(2_000, 3_000);
  for (let i = 0; i < 20; i++) {
    await clock.advance(1_000);
    heard(clock.steady());
  }
  assert.equal(lost.length, 0);
  await clock.advance(5_000);
  assert.equal(lost.length, 1);
});

test("Heartbeat does not take a wrong echo for an answer", async () => {
  const { clock, heartbeat, peer, opened, trips } = rig();
  const answer = heartbeat.ping(1_000);
  const wrong = opened[0].slice();
  wrong[3] ^= 1;
  peer().write(wrong);
  await clock.advance(999);
  assert.deepEqual(trips, []);
  await clock.advance(1);
  assert.equal(await answer, undefined);
  heartbeat.stop();
});

test("Heartbeat reads an echo that comes byte by byte", async () => {
  const { clock, heartbeat, peer, opened } = rig();
  const answer = heartbeat.ping(1_000);
  await clock.advance(7);
  for (const byte of opened[0]) {
    peer().write(Uint8Array.of(byte));
    await clock.advance(1);
  }
  // The clock had moved 7 + 3 ms when the last byte came.
  assert.equal(await answer, 10);
  heartbeat.stop();
});

test("Heartbeat.ping() shares the ping that is under way", async () => {
  const { clock, heartbeat, peer, opened } = rig();
  const answers = [heartbeat.ping(1_000), heartbeat.ping(2_000)];
  assert.equal(opened.length, 1);
  await clock.advance(5);
  peer().write(opened[0].slice());
  await clock.advance(0);
  assert.deepEqual(await Promise.all(answers), [5, 5]);
  heartbeat.stop();
  assert.equal(clock.pending, 0);
});

test("Heartbeat.stop() answers pings that wait", async () => {
  const { heartbeat } = rig();
  const answer = heartbeat.ping(1_000);
  heartbeat.stop();
  assert.equal(await answer, undefined);
  assert.equal(await heartbeat.ping(1), undefined);
});

test("Heartbeat opens another stream when the peer ends the old one", async () => {
  const { clock, heartbeat, peer, opened } = rig();
  heartbeat.start(1_000, 50_000);
  await clock.advance(0);
  peer().closeWrite();
  await clock.advance(1_000);
  assert.equal(opened.length, 2);
  heartbeat.stop();
});
