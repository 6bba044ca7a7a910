import assert from "node:assert/strict";
import { type Duplex, pair } from "../../../lib/base/duplex.ts";
import { CarrierStream } from "../../../lib/runtime/node_stream.ts";
import { test } from "../../harness.ts";

/** Lets streams emit what they have put off. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function carried(): { stream: CarrierStream; far: Duplex; near: Duplex } {
  const [near, far] = pair({ highWaterBytes: 1_000 });
  return { stream: new CarrierStream(near), far, near };
}

test("CarrierStream carries bytes both ways and ends each way on its own", async () => {
  const { stream, far, near } = carried();
  let got = "";
  stream.on("data", (data) => got += data);
  const ended = new Promise((resolve) => stream.once("end", resolve));
  stream.write("over");
  assert.equal(new TextDecoder().decode(await far.read()), "over");
  far.write(new TextEncoder().encode("and"));
  far.closeWrite();
  await ended;
  assert.equal(got, "and");
  stream.end("out");
  assert.equal(new TextDecoder().decode(await far.read()), "out");
  assert.equal(await far.read(), undefined);
  await Promise.all([near.closed, far.closed]);
});

test("CarrierStream holds bytes back while it is shut", async () => {
  const { stream, far } = carried();
  let got = 0;
  stream.on("data", (data) => got += data.length);
  far.write(new Uint8Array(1));
  await turn();
  assert.equal(got, 1);
  stream.shut();
  // one read was under way already
  far.write(new Uint8Array(10));
  far.write(new Uint8Array(100));
  await turn();
  assert.equal(got, 11);
  stream.open();
  await turn();
  assert.equal(got, 111);
  stream.destroy();
  far.abort();
  await far.closed;
});

test("CarrierStream is full while its carrier is, and says when it no longer is", async () => {
  const { stream, far } = carried();
  let drains = 0;
  stream.onDrain(() => drains++);
  assert.equal(stream.isFull(), false);
  stream.write(new Uint8Array(20_000));
  while (!stream.writableNeedDrain) stream.write(new Uint8Array(20_000));
  assert.equal(stream.isFull(), true);
  assert.equal(drains, 0);
  while (stream.isFull()) {
    assert.ok(await far.read());
    await turn();
  }
  assert.equal(drains, 1);
  stream.destroy();
  assert.equal(stream.isFull(), true, "what is gone takes nothing");
  far.abort();
  await far.closed;
});

test("CarrierStream that is destroyed with an error aborts its carrier", async () => {
  const { stream, far, near } = carried();
  stream.on("error", () => {});
  const reading = assert.rejects(async () => await far.read(), { code: "connection_reset" });
  stream.destroy(new Error("bad record"));
  await reading;
  await Promise.all([near.closed, far.closed]);
});

test("CarrierStream that is destroyed in order ends its carrier, and cuts a peer that goes on", async () => {
  const { stream, far, near } = carried();
  stream.resume();
  stream.destroy();
  assert.equal(await far.read(), undefined);
  far.write(new Uint8Array(1));
  await Promise.all([near.closed, far.closed]);
  assert.throws(() => far.write(new Uint8Array(1)), { code: "connection_reset" });
});

test("CarrierStream passes the failure of its carrier on", async () => {
  const { stream, far } = carried();
  const failed = new Promise<Error>((resolve) => stream.once("error", resolve));
  stream.resume();
  far.abort();
  assert.equal((await failed as { code?: string }).code, "connection_reset");
});
