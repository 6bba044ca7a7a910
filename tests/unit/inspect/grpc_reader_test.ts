import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../../lib/base/bytes.ts";
import { DEFAULT_CAPTURE_LIMITS } from "../../../lib/inspect/capture.ts";
import type { StreamMessage } from "../../../lib/inspect/exchange.ts";
import { GrpcReader } from "../../../lib/inspect/grpc_reader.ts";
import { test } from "../../harness.ts";
import { grpcMessage, text } from "./kit.ts";

test("GrpcReader lists messages with their length and whether they are compressed, in any cut", () => {
  const sent = concat([
    grpcMessage("hello"),
    grpcMessage(""),
    grpcMessage("x".repeat(10_000), true),
    grpcMessage("never complete").subarray(0, 9),
  ]);
  const read = (sizes: readonly number[]) => {
    const told: Omit<StreamMessage, "atMs">[] = [];
    const reader = new GrpcReader("service", DEFAULT_CAPTURE_LIMITS, (one) => void told.push(one));
    for (let at = 0, turn = 0; at < sent.length; turn++) {
      const size = sizes[turn % sizes.length];
      reader.push(sent.subarray(at, at + size));
      at += size;
    }
    reader.end();
    return told;
  };
  const whole = read([sent.length]);
  assert.deepEqual(
    whole.map((one) => [one.kind, one.from, one.sizeBytes, one.isCompressed, one.isTruncated]),
    [
      ["grpc", "service", 5, false, false],
      ["grpc", "service", 0, false, false],
      ["grpc", "service", 10_000, true, true],
    ],
  );
  assert.equal(text(whole[0].preview), "hello");
  assert.equal(whole[2].preview.length, DEFAULT_CAPTURE_LIMITS.maxPreviewBytes);
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1 }),
    (sizes) => assert.deepEqual(read(sizes), whole),
  ));
});
