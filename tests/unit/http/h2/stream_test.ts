/** A stream by itself: what its session sees of it. */
import assert from "node:assert/strict";
import { TunnelError } from "../../../../lib/base/errors.ts";
import { H2Stream, SEND_QUEUE_BYTES, type StreamLink } from "../../../../lib/http/h2/stream.ts";
import { test } from "../../../harness.ts";

function stream(): { stream: H2Stream; said: string[] } {
  const said: string[] = [];
  const link: StreamLink = {
    wantsToSend: () => said.push("wants"),
    sendHead: (_stream, fields, isAll) => said.push(`head ${fields[0][1]} ${isAll}`),
    consumed: (_stream, bytes) => said.push(`consumed ${bytes}`),
    resetStream: (one, code) => {
      said.push(`reset ${code}`);
      one.fail(new TunnelError("aborted", "It was reset"));
    },
    over: () => said.push("over"),
  };
  return { stream: new H2Stream(link, 1, { send: 100, receive: 100 }), said };
}

test("H2Stream holds a writer back when enough waits, and lets it go when half has left", async () => {
  const { stream: one } = stream();
  assert.equal(one.write(new Uint8Array(100)), undefined);
  let isFree = false;
  const full = one.write(new Uint8Array(SEND_QUEUE_BYTES)) as Promise<void>;
  full.then(() => isFree = true);
  const parts: Uint8Array[] = [];
  one.takeOutbound(200, parts);
  assert.deepEqual(parts.map((part) => part.length), [100, 100]);
  await Promise.resolve();
  assert.equal(isFree, false);
  one.takeOutbound(SEND_QUEUE_BYTES / 2, parts);
  await full;
  assert.equal(isFree, true);
});

test("H2Stream is over when both messages are, and only then", async () => {
  const { stream: one, said } = stream();
  one.sendHead([[":status", "204"]], true);
  assert.deepEqual(said, ["head 204 true"]);
  one.receive(new Uint8Array(2000));
  one.receiveEnd([["x", "1"]]);
  assert.deepEqual(said.slice(1), ["over"]);
  await one.closed;
  // What came is still there.
  assert.equal((one.read() as Uint8Array).length, 2000);
  assert.equal(one.read(), undefined);
  assert.deepEqual(one.trailers, [["x", "1"]]);
});

test("H2Stream forgets what waits when it is reset, and can be reset but once", () => {
  const { stream: one, said } = stream();
  one.receive(new Uint8Array(2000));
  one.write(new Uint8Array(10));
  one.abort();
  one.reset(2);
  assert.deepEqual(said, ["wants", "reset 8", "over"]);
  assert.throws(() => one.read(), { code: "aborted" });
  assert.throws(() => one.write(new Uint8Array(1)), { code: "aborted" });
});

test("H2Stream does not keep a large buffer for the sake of a small part of it", () => {
  const { stream: one } = stream();
  one.receive(new Uint8Array(65_536).subarray(0, 2000));
  assert.equal((one.read() as Uint8Array).buffer.byteLength, 2000);
});
