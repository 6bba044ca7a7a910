import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { Comeback, type OnlineName } from "../../../lib/edge/comeback.ts";
import type { Store } from "../../../lib/store/store.ts";
import { test } from "../../harness.ts";

const NAMES: OnlineName[] = [
  { proto: "http", host: "a.test" },
  { proto: "https", host: "*.b.test" },
  { proto: "tcp", host: "a.test" },
];

async function restart(clock: FakeClock, breakMs = 1_000, limitMs = 5_000) {
  const kept = new Map<string, string>();
  const store = {
    settings: {
      get: (name: string) => Promise.resolve(kept.get(name)),
      set: (name: string, value: string) => Promise.resolve(void kept.set(name, value)),
    },
  } as unknown as Store;
  await new Comeback({ clock, limitMs, lostMs: 0 }).remember(store, NAMES);
  await clock.advance(breakMs);
  const comeback = new Comeback({ clock, limitMs, lostMs: 0 });
  assert.equal(comeback.wait(["http"], "a.test"), undefined);
  await comeback.expect(store);
  return comeback;
}

test("Comeback lets visitors of a name wait until its agent is back", async () => {
  const clock = new FakeClock();
  const comeback = await restart(clock);
  const order: string[] = [];
  const waiting = comeback.wait(["http"], "a.test")!.then(() => order.push("let on"));
  await clock.advance(100);
  order.push("back");
  comeback.arrived(NAMES[0]);
  comeback.arrived(NAMES[0]);
  await clock.advance(1_000);
  comeback.heard(NAMES[0]);
  await clock.advance(99);
  assert.ok(comeback.wait(["http"], "a.test"), "its agent may not have heard of it yet");
  await clock.advance(1);
  await waiting;
  assert.deepEqual(order, ["back", "let on"]);
  assert.equal(comeback.wait(["http"], "a.test"), undefined, "nobody waits for who is there");
  comeback.stop();
  assert.equal(clock.pending, 0);
});

test("Comeback does not wait for ever for an agent to say that it has read its answer", async () => {
  const clock = new FakeClock();
  const comeback = await restart(clock);
  comeback.heard(NAMES[0]);
  const waiting = comeback.wait(["http"], "a.test");
  comeback.arrived(NAMES[0]);
  await clock.advance(1_999);
  assert.ok(comeback.wait(["http"], "a.test"));
  await clock.advance(1);
  await waiting;
  assert.equal(comeback.wait(["http"], "a.test"), undefined);
  comeback.heard(NAMES[0]);
  comeback.stop();
  assert.equal(clock.pending, 0);
});

test("Comeback knows wildcards, and no name or protocol that was not online", async () => {
  const comeback = await restart(new FakeClock());
  assert.ok(comeback.wait(["tls", "https"], "x.y.b.test"));
  for (
    const [proto, host] of [["http", "b.test"], ["http", "x.b.test"], ["tcp", "a.test"], [
      "https",
      "a.test",
    ]] as const
  ) {
    assert.equal(comeback.wait([proto], host), undefined, `${proto} ${host}`);
  }
  comeback.stop();
});

test("Comeback lets everybody on when the time is over", async () => {
  const clock = new FakeClock();
  const comeback = await restart(clock);
  const waiting = comeback.wait(["http"], "a.test");
  await clock.advance(5_000);
  await waiting;
  assert.equal(comeback.wait(["http"], "a.test"), undefined);
  assert.equal(clock.pending, 0);
});

test("Comeback expects nobody after a long break, or when switched off", async () => {
  const late = await restart(new FakeClock(), 120_001);
  assert.equal(late.wait(["http"], "a.test"), undefined);
  const off = await restart(new FakeClock(), 1, 0);
  assert.equal(off.wait(["http"], "a.test"), undefined);
});

test("Comeback lets visitors wait for an agent that was lost, for a shorter moment", async () => {
  const clock = new FakeClock();
  const comeback = new Comeback({ clock, limitMs: 10_000, lostMs: 2_000 });
  comeback.lost(NAMES);
  assert.equal(comeback.wait(["tcp"], "a.test"), undefined);
  let letOn = 0;
  const back = comeback.wait(["http"], "a.test")!.then(() => letOn++);
  const never = comeback.wait(["https"], "x.b.test")!.then(() => letOn++);
  await clock.advance(1_000);
  comeback.arrived(NAMES[0]);
  comeback.heard(NAMES[0]);
  await clock.advance(100);
  await back;
  assert.equal(letOn, 1);
  // It is lost again, and has another two seconds.
  comeback.lost([NAMES[0]]);
  await clock.advance(900);
  await never;
  assert.equal(comeback.wait(["https"], "x.b.test"), undefined);
  assert.ok(comeback.wait(["http"], "a.test"));
  await clock.advance(1_100);
  assert.equal(comeback.wait(["http"], "a.test"), undefined);
  assert.equal(clock.pending, 0);
});

test("Comeback.close() lets those on who wait for an agent that was lost", async () => {
  const clock = new FakeClock();
  const comeback = new Comeback({ clock, limitMs: 10_000, lostMs: 2_000 });
  comeback.lost([NAMES[0]]);
  const waiting = comeback.wait(["http"], "a.test")!;
  comeback.close();
  await waiting;
  // The agents that the closing edge sends away will not be back here.
  comeback.lost(NAMES);
  assert.equal(comeback.wait(["http"], "a.test"), undefined);
  assert.equal(clock.pending, 0);
  const nobody = new Comeback({ clock, limitMs: 10_000, lostMs: 0 });
  nobody.lost(NAMES);
  assert.equal(nobody.wait(["http"], "a.test"), undefined);
});
