/** Streams to agents that the requests of one connection keep for each other. */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { KeptStream } from "../../../lib/edge/kept_stream.ts";
import { KeptStreams } from "../../../lib/edge/kept_streams.ts";
import { FakeEndpoint } from "../../fakes/edge_visit.ts";
import { test } from "../../harness.ts";

async function slot(clock: FakeClock, endpoint: FakeEndpoint): Promise<KeptStream> {
  const kept = new KeptStream({ clock, lingerMs: 1000, freshMs: 1000 });
  const visitor = { clientAddr: "192.0.2.7:1", passthroughTls: false };
  kept.keep(kept.adopt(endpoint, await endpoint.openStream(visitor)));
  return kept;
}

test("KeptStreams gives the slot that came back last", async () => {
  const clock = new FakeClock();
  const endpoint = new FakeEndpoint("a.test");
  const streams = new KeptStreams(clock);
  assert.equal(streams.take(), undefined);
  const [one, two] = [await slot(clock, endpoint), await slot(clock, endpoint)];
  streams.giveBack(one, 0);
  streams.giveBack(two, 0);
  assert.equal(streams.take(), two);
  assert.equal(streams.take(), one);
  assert.equal(streams.take(), undefined);
});

test("KeptStreams keeps no slot without a stream, and passes over one that lost it", async () => {
  const clock = new FakeClock();
  const streams = new KeptStreams(clock);
  streams.giveBack(new KeptStream({ clock, lingerMs: 1, freshMs: 1 }), 0);
  assert.equal(streams.size, 0);
  const one = await slot(clock, new FakeEndpoint("a.test"));
  streams.giveBack(one, 0);
  one.letGo();
  assert.equal(streams.take(), undefined);
});

test("KeptStreams lets a stream go that nobody wants for too long, and all at the end", async () => {
  const clock = new FakeClock();
  const endpoint = new FakeEndpoint("a.test");
  const streams = new KeptStreams(clock);
  streams.giveBack(await slot(clock, endpoint), 500);
  await clock.advance(500);
  assert.equal(streams.size, 0);
  assert.deepEqual(endpoint.opened[0].stream.ends, ["fin"]);
  streams.giveBack(await slot(clock, endpoint), 500);
  const late = await slot(clock, endpoint);
  streams.close();
  streams.giveBack(late, 500);
  assert.deepEqual(endpoint.opened.map((one) => one.stream.ends), [["fin"], ["fin"], ["fin"]]);
});
