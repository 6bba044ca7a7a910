/** @module */
import assert from "node:assert/strict";
import { pair } from "../../../lib/base/duplex.ts";
import { lendBuffer, returnBuffer } from "../../../lib/base/loan.ts";
import { HeadFirst, Through, UploadSink } from "../../../lib/edge/through.ts";
import { FakeConn, latin1Bytes, Peer, settle } from "../../fakes/edge_visit.ts";
import { test } from "../../harness.ts";

test("Through passes every call on", async () => {
  const [near, far] = pair();
  const through = new Through(near);
  const peer = new Peer(far);
  through.write(latin1Bytes("a"));
  await peer.expect("a");
  await peer.send("b");
  const chunk = await through.read();
  through.unread(chunk!);
  assert.equal(await through.read(), chunk);
  assert.equal(through.readable, near.readable);
  assert.equal(through.writable, near.writable);
  assert.equal(through.closed, near.closed);
  through.closeWrite();
  assert.equal(await peer.readToEnd(), "");
  through.abort();
  await through.closed;
});

test("HeadFirst sends what it holds together with a small chunk, and before a large one", async () => {
  const [near, far] = pair();
  const conn = new FakeConn(near);
  const out = new HeadFirst(conn);
  const peer = new Peer(far);
  out.hold(latin1Bytes("head "));
  out.write(latin1Bytes("body"));
  await peer.expect("head body");
  assert.equal(conn.writes, 1);
  out.write(latin1Bytes("more"));
  await peer.expect("more");
  assert.equal(conn.writes, 2);
  out.hold(latin1Bytes("head "));
  const large = "x".repeat(20_000);
  out.write(latin1Bytes(large));
  await peer.expect("head " + large);
  assert.equal(conn.writes, 4);
});

test("HeadFirst waits for room before a large chunk", async () => {
  const [near, far] = pair({ highWaterBytes: 4 });
  const out = new HeadFirst(near);
  const peer = new Peer(far);
  out.hold(latin1Bytes("head "));
  let done = false;
  Promise.resolve(out.write(latin1Bytes("x".repeat(20_000)))).then(() => done = true);
  await settle();
  assert.equal(done, false);
  await peer.expect("head " + "x".repeat(20_000));
  await settle();
  assert.equal(done, true);
});

test("HeadFirst flushes or drops what it still holds", async () => {
  const [near, far] = pair();
  const out = new HeadFirst(near);
  const peer = new Peer(far);
  out.flush();
  assert.equal(out.drop(), false);
  out.hold(latin1Bytes("a"));
  assert.equal(out.drop(), true);
  out.hold(latin1Bytes("b"));
  out.flush();
  out.closeWrite();
  assert.equal(await peer.readToEnd(), "b");
});

test("UploadSink passes bytes on until it is told to swallow them, and knows when it waits", async () => {
  const [near, far] = pair({ highWaterBytes: 2 });
  const sink = new UploadSink(near);
  const peer = new Peer(far);
  const full = sink.write(latin1Bytes("ab"));
  assert.equal(sink.waiting, true);
  await peer.expect("ab");
  await full;
  assert.equal(sink.waiting, false);
  sink.discards = true;
  assert.equal(sink.write(latin1Bytes("cd")), undefined);
  sink.closeWrite();
  assert.equal(await peer.readToEnd(), "");
});

test("HeadFirst and UploadSink give what they were given, where it is taken for good", async () => {
  const [near, far] = pair();
  const peer = new Peer(far);
  near.give = (chunk) => {
    const full = near.write(chunk.slice());
    returnBuffer(chunk);
    return full;
  };
  const lent = (size: number) => {
    const chunk = new Uint8Array(size).fill(120);
    lendBuffer(chunk);
    return chunk;
  };
  const out = new HeadFirst(near);
  out.hold(latin1Bytes("head "));
  const large = lent(20_000);
  out.give(large);
  assert.equal(large.length, 0);
  await peer.expect("head " + "x".repeat(20_000));
  out.hold(latin1Bytes("head "));
  out.give(lent(3));
  await peer.expect("head xxx");
  out.give(lent(2));
  await peer.expect("xx");
  const sink = new UploadSink(near);
  const upload = lent(20_000);
  sink.give(upload);
  assert.equal(upload.length, 0);
  await peer.expect("x".repeat(20_000));
  sink.discards = true;
  sink.give(lent(5));
  near.closeWrite();
  assert.equal(await peer.readToEnd(), "");
});
