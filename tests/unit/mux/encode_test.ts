import assert from "node:assert/strict";
import { toHex } from "../../../lib/base/bytes.ts";
import { ControlQueue, encodeGoAway, writeHeader } from "../../../lib/mux/encode.ts";
import { FLAG, FRAME } from "../../../lib/mux/frame.ts";
import { test } from "../../harness.ts";

test("writeHeader() gives the bytes seen on the wire", () => {
  // wire-protocol 2.1: the heartbeat's first frame
  const bytes = new Uint8Array(8);
  writeHeader(bytes, 0, 4, FRAME.data, FLAG.syn, 3);
  assert.equal(toHex(bytes), "0000041200000003");
  writeHeader(bytes, 0, 0xfedcba, FRAME.data, FLAG.fin | FLAG.syn, 0x7fffffff);
  assert.equal(toHex(bytes), "fedcba137fffffff");
});

test("ControlQueue gives the frames in order and forgets them", () => {
  const queue = new ControlQueue();
  queue.emptyData(5, FLAG.fin);
  queue.windowIncrement(3, 4);
  queue.reset(2, 6);
  assert.equal(queue.bytes, 8 + 12 + 12);
  const bytes = new Uint8Array(32);
  queue.drainInto(bytes);
  assert.equal(
    toHex(bytes),
    "0000001100000005" + "000004200000000300000004" +
      "000004000000000200000006",
  );
  assert.equal(queue.bytes, 0);
});

test("ControlQueue grows past its first buffer without losing a byte", () => {
  const queue = new ControlQueue();
  for (let id = 1; id <= 100; id++) queue.windowIncrement(id, id);
  const bytes = new Uint8Array(queue.bytes);
  queue.drainInto(bytes);
  assert.equal(bytes.length, 1200);
  assert.equal(toHex(bytes.subarray(99 * 12)), "000004200000006400000064");
});

test("encodeGoAway() puts last id, code and text behind the header", () => {
  assert.equal(
    toHex(encodeGoAway(7, 15, "bye")),
    "00000b3000000000000000070000000f627965",
  );
});
