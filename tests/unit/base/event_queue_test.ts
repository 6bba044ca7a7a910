import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { followEvents } from "../../../lib/base/event_queue.ts";

/** Something that tells numbers. */
class Source {
  readonly listeners = new Set<(event: number) => void>();
  readonly subscribe = (listener: (event: number) => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
  tell(...numbers: number[]): void {
    for (const number of numbers) for (const listener of this.listeners) listener(number);
  }
}

test("followEvents() gives what happened before and while it is read, in order", async () => {
  const source = new Source();
  const events = followEvents(source.subscribe);
  source.tell(1, 2);
  assert.deepEqual(await events.next(), { done: false, value: 1 });
  assert.deepEqual(await events.next(), { done: false, value: 2 });
  const [third, fourth] = [events.next(), events.next()];
  source.tell(3, 4);
  assert.equal((await third).value, 3);
  assert.equal((await fourth).value, 4);
  await events.return!();
  assert.equal(source.listeners.size, 0);
});

test("followEvents() forgets what is not wanted, and lets it push nothing out", async () => {
  const source = new Source();
  const events = followEvents(source.subscribe, {
    where: (n: number) => n % 2 === 0,
    maxWaiting: 1,
  });
  source.tell(2, 3, 5);
  assert.equal((await events.next()).value, 2);
  const next = events.next();
  source.tell(7, 8);
  assert.equal((await next).value, 8);
  await events.return!();
});

test("followEvents() stops listening when its loop is left", async () => {
  const source = new Source();
  const events = followEvents(source.subscribe);
  source.tell(1, 2);
  for await (const event of events) {
    assert.equal(event, 1);
    break;
  }
  assert.equal(source.listeners.size, 0);
  assert.equal((await events.next()).done, true);
});

test("followEvents() ends at once with its signal, also when it fired before", async () => {
  const source = new Source();
  const stop = new AbortController();
  const events = followEvents(source.subscribe, { signal: stop.signal });
  const waiting = events.next();
  stop.abort();
  assert.equal((await waiting).done, true);
  assert.equal(source.listeners.size, 0);
  const late = followEvents(source.subscribe, { signal: stop.signal });
  assert.equal((await late.next()).done, true);
  assert.equal(source.listeners.size, 0);
});

test("followEvents() gives what waits when nothing follows any more", async () => {
  const source = new Source();
  let end = () => {};
  const over = new Promise<void>((resolve) => end = resolve);
  const events = followEvents(source.subscribe, {}, over);
  source.tell(1);
  end();
  await over;
  const seen: number[] = [];
  for await (const event of events) seen.push(event);
  assert.deepEqual(seen, [1]);
});

test("followEvents() forgets the oldest when its reader is too slow", async () => {
  const source = new Source();
  const events = followEvents(source.subscribe, { maxWaiting: 2 });
  source.tell(1, 2, 3);
  assert.equal((await events.next()).value, 2);
  await events.return!();
});
